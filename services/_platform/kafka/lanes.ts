/** The messages that wait for their partitions, and what one request carries of them. */

export interface OutgoingMessage {
  readonly key: string;
  /** Encoded value; null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
  /** Overrides the partition of the key: for copies of a message that several partitions need. */
  readonly partition?: number;
  /** Milliseconds for which it waits for others if its broker has nothing to do and was not quiet before. Default: that of the producer. */
  readonly lingerMs?: number;
  /** Longest time until the request that carries it, ms; after it the message is rejected and not sent. Default: no limit. */
  readonly withinMs?: number;
}

/** Position of an acknowledged message. */
export interface Acknowledgement {
  readonly partition: number;
  readonly offset: number;
}

/** A message until it is settled. */
export interface Waiting {
  readonly message: OutgoingMessage;
  readonly resolve: (acknowledgement: Acknowledgement) => void;
  readonly reject: (error: Error) => void;
  readonly since: number;
}

/** Maximum bytes of a request; the brokers' default limit is 1 MiB a batch. */
export const MAX_REQUEST_BYTES = 512 * 1024;
/**
 * Largest key, value and headers of a record together, in bytes. The brokers accept batches of 1,048,588 bytes by default;
 * the frame of a batch with one record takes at most 256 of them.
 */
export const MAX_RECORD_BYTES = 1_048_576 - 256;
const MAX_REQUEST_MESSAGES = 2_000;
/** Upper estimate of a record's overhead beside its key, value and headers. */
const RECORD_OVERHEAD_BYTES = 64;

/**
 * Largest part of a request that is shared with other partitions. If the brokers refuse a shared request for its size, its parts are
 * sent again alone, and those that were accepted before are there twice; so large parts go alone from the beginning.
 */
const MAX_SHARED_BYTES = 32 * 1024;

/** The messages of one partition. */
export interface Lane {
  readonly topic: string;
  readonly partition: number;
  readonly waiting: Waiting[];
  /** Where its messages are sent while it has any; it stays the same so that the order is kept. */
  route: Route | undefined;
}

/** The partitions of a topic that one broker leads, which share its requests. One request is under way at a time. */
export interface Route {
  /** Those with waiting messages. */
  readonly lanes: Set<Lane>;
  /** Whether a timer or a request is pending. */
  isBusy: boolean;
  /** When its last request was sent, on the clock of `performance.now`. */
  sentAt: number;
}

/** The part of one partition in a request. */
export interface Parcel {
  readonly lane: Lane;
  /** At least one. */
  readonly messages: readonly Waiting[];
}

/** Takes the messages of the next request out of the lanes of a route: one large part, or small ones of several lanes. */
export function takeRequest({ lanes }: Route): Parcel[] {
  const parcels: Parcel[] = [];
  let total = 0;
  for (const lane of lanes) {
    const { count, bytes } = measure(lane.waiting);
    const isLarge = bytes > MAX_SHARED_BYTES;
    if (parcels.length > 0 && (isLarge || total + bytes > MAX_REQUEST_BYTES)) continue;
    lanes.delete(lane);
    parcels.push({ lane, messages: lane.waiting.splice(0, count) });
    total += bytes;
    if (isLarge) break;
  }
  return parcels;
}

/** Takes the messages whose time is over out of the lanes of a route, as far as they wait before all others of their lane. */
export function takeExpired({ lanes }: Route, now: number): Parcel[] {
  const expired: Parcel[] = [];
  for (const lane of lanes) {
    const { waiting } = lane;
    let count = 0;
    while (count < waiting.length && isOver(waiting[count]!, now)) count++;
    if (count === 0) continue;
    expired.push({ lane, messages: waiting.splice(0, count) });
    if (waiting.length > 0) continue;
    lanes.delete(lane);
    lane.route = undefined;
  }
  return expired;
}

function isOver({ message: { withinMs }, since }: Waiting, now: number): boolean {
  return withinMs !== undefined && now - since > withinMs;
}

function measure(waiting: readonly Waiting[]): { count: number; bytes: number } {
  let bytes = 0;
  let count = 0;
  for (const { message } of waiting) {
    const size = sizeOf(message);
    if (count > 0 && (bytes + size > MAX_REQUEST_BYTES || count >= MAX_REQUEST_MESSAGES)) break;
    bytes += size;
    count += 1;
  }
  return { count, bytes };
}

/** Upper estimate of the bytes of a message in a request. */
export function sizeOf({ key, value }: OutgoingMessage): number {
  return RECORD_OVERHEAD_BYTES + key.length + (value?.length ?? 0);
}

/** Bytes of the key, value and headers. */
export function recordBytes({ key, value, headers = {} }: OutgoingMessage): number {
  const inHeaders = Object.entries(headers).reduce(
    (sum, [name, content]) => sum + Buffer.byteLength(name) + Buffer.byteLength(content),
    0,
  );
  return Buffer.byteLength(key) + (value?.length ?? 0) + inHeaders;
}
