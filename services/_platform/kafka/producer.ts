import type { Kafka } from 'kafkajs';
import type { StageMetrics } from '../observability/metrics.ts';
import {
  type Acknowledgement,
  type Lane,
  MAX_RECORD_BYTES,
  MAX_REQUEST_BYTES,
  type OutgoingMessage,
  type Parcel,
  type Route,
  recordBytes,
  sizeOf,
  takeExpired,
  takeRequest,
} from './lanes.ts';
import { createPartitionLookup } from './partition-lookup.ts';
import { writeParcels } from './produce-request.ts';
import { expired, isTooLarge, overfull, recordTooLarge, unacknowledged } from './producer-errors.ts';
import { createSessions } from './producer-sessions.ts';

export interface SafeProducer {
  /**
   * Resolves when all in-sync replicas have the message.
   * @param topic qualified name
   * @throws TributaryError `kafka.unacknowledged` (retryable): the message may or may not be in the log. Rejects at
   *   once if too many bytes wait already, so that an outage of the brokers does not exhaust the memory.
   *   `entry.too-large` (413): the record has more than MAX_RECORD_BYTES, or more than the brokers accept; it is not in
   *   the log.
   */
  send(topic: string, message: OutgoingMessage): Promise<Acknowledgement>;
  /** Resolves when everything sent so far is settled. */
  flush(): Promise<void>;
  /** Flushes and leaves. */
  close(): Promise<void>;
}

/** Maximum bytes that may wait for the brokers altogether. */
const MAX_WAITING_BYTES = 64 * 1_048_576;
/** A route is quiet if it has sent nothing for so many times the linger of a message. */
const QUIET = 2;
/** So that all messages of one turn of the event loop are sent together. */
const AT_ONCE_MS = 1;
/** A request that took so long may have waited for another leader. */
const SLOW_MS = 1_000;

/**
 * The only way to produce. kafkajs 2.2.4 loses acknowledged messages when a broker dies and one request spans several
 * partitions: its response then silently omits partitions. Therefore a message counts as acknowledged only if the response names
 * its partition, and the part of a partition that it omits is sent again alone (decisions 0001 and 0044). A request
 * spans only partitions that had the same leader at the last lookup, so that a dead broker does not hold up those of others. A
 * partition has one request in flight, which keeps the order within it. Idempotence makes a retried request count once.
 *
 * Messages linger a few milliseconds, and while a request of their leader is under way, because many small requests cost far more
 * CPU than the wait. After a quiet time, in which others hardly follow, a message waits only for those of the same millisecond (decision 0090).
 */
export async function createProducer(options: {
  kafka: Kafka;
  metrics: StageMetrics;
  /** Milliseconds for which a message may linger to be batched. Default 5. */
  lingerMs?: number;
  /** Bytes that may wait for the brokers altogether. Default 64 MiB. */
  maxWaitingBytes?: number;
}): Promise<SafeProducer> {
  const { kafka, metrics, lingerMs = 5, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const sessions = createSessions(kafka);
  await sessions.connect();
  const lookup = createPartitionLookup(kafka);
  const lanes = new Map<string, Lane>();
  const routes = new Map<string, Route>();
  const unsettled = new Set<Promise<unknown>>();
  let waitingBytes = 0;

  function laneOf(topic: string, partition: number): Lane {
    const name = `${topic}\n${partition}`;
    let lane = lanes.get(name);
    if (lane === undefined) {
      lane = { topic, partition, waiting: [], route: undefined };
      lanes.set(name, lane);
    }
    return lane;
  }

  /** A partition without a known leader has a route of its own. */
  function routeOf({ topic, partition }: Lane): Route {
    const leader = lookup.leaderOf(topic, partition);
    const name = `${topic}\n${leader === undefined ? `partition ${partition}` : leader}`;
    let route = routes.get(name);
    if (route === undefined) {
      route = { lanes: new Set(), isBusy: false, sentAt: Number.NEGATIVE_INFINITY };
      routes.set(name, route);
    }
    return route;
  }

  async function enqueue(topic: string, message: OutgoingMessage): Promise<Acknowledgement> {
    const lane = laneOf(topic, message.partition ?? (await lookup.partitionOf(topic, message.key)));
    return new Promise<Acknowledgement>((resolve, reject) => {
      lane.waiting.push({ message, resolve, reject, since: performance.now() });
      lane.route ??= routeOf(lane);
      const { route } = lane;
      route.lanes.add(lane);
      if (route.isBusy) return;
      route.isBusy = true;
      const longMs = message.lingerMs ?? lingerMs;
      const isQuiet = performance.now() - route.sentAt > QUIET * longMs;
      setTimeout(() => void drain(route), isQuiet ? AT_ONCE_MS : longMs);
    });
  }

  /** Sends the waiting messages of a route, request by request, until there are none. */
  async function drain(route: Route): Promise<void> {
    while (route.lanes.size > 0) {
      for (const { lane, messages } of takeExpired(route, performance.now()))
        for (const { message, reject } of messages) reject(expired(lane, message.withinMs!));
      if (route.lanes.size === 0) break;
      const parcels = takeRequest(route);
      route.sentAt = performance.now();
      await deliver(parcels);
      for (const { lane } of parcels) {
        if (lane.waiting.length > 0) route.lanes.add(lane);
        else lane.route = undefined;
      }
    }
    route.isBusy = false;
  }

  /** Settles each message of the parcels, which are of one topic. */
  async function deliver(parcels: readonly Parcel[]): Promise<void> {
    const { topic } = parcels[0]!.lane;
    const started = performance.now();
    let unconfirmed: readonly Parcel[] = [];
    try {
      await sessions.use(async (producer) => {
        metrics.produceRequests.inc({ topic });
        const offsets = await writeParcels(producer, parcels);
        for (const [at, parcel] of parcels.entries())
          if (offsets[at] !== undefined) settle(metrics, parcel, offsets[at]);
        unconfirmed = parcels.filter((_, at) => offsets[at] === undefined);
        // The session has given sequence numbers to messages with an unknown outcome.
        if (unconfirmed.length > 0) throw new Error('the response to a write does not name its partition');
      });
    } catch (cause) {
      lookup.refreshLeaders(topic);
      await deliverAgain(parcels, unconfirmed, cause);
      return;
    }
    if (performance.now() - started > SLOW_MS) lookup.refreshLeaders(topic);
  }

  /** After a request failed, or its response omitted partitions: sends again what may be sent again, and rejects the rest. */
  async function deliverAgain(
    parcels: readonly Parcel[],
    unconfirmed: readonly Parcel[],
    cause: unknown,
  ): Promise<void> {
    const [{ lane, messages }] = parcels as [Parcel];
    if (parcels.length > 1 && (unconfirmed.length > 0 || isTooLarge(cause))) {
      const again = unconfirmed.length > 0 ? unconfirmed : parcels;
      for (const parcel of again) await deliver([parcel]);
    } else if (isTooLarge(cause) && messages.length > 1) {
      // The brokers accept less than by default. A message that is too large must not fail its neighbours.
      const middle = Math.ceil(messages.length / 2);
      await deliver([{ lane, messages: messages.slice(0, middle) }]);
      await deliver([{ lane, messages: messages.slice(middle) }]);
    } else {
      for (const parcel of parcels) {
        const error = isTooLarge(cause)
          ? recordTooLarge(lane.topic, 'the brokers accept less than the record has', cause)
          : unacknowledged(parcel.lane, cause);
        for (const { reject } of parcel.messages) reject(error);
      }
    }
  }

  async function flush(): Promise<void> {
    await Promise.allSettled(unsettled);
  }

  return {
    send(topic, message) {
      const bytes = sizeOf(message);
      if (bytes > MAX_REQUEST_BYTES && recordBytes(message) > MAX_RECORD_BYTES) {
        const reason = `the record has ${recordBytes(message)} bytes; at most ${MAX_RECORD_BYTES} are allowed`;
        return Promise.reject(recordTooLarge(topic, reason));
      }
      if (waitingBytes > 0 && waitingBytes + bytes > maxWaitingBytes)
        return Promise.reject(overfull(topic, waitingBytes));
      waitingBytes += bytes;
      const sent = enqueue(topic, message);
      const forget = (): void => {
        waitingBytes -= bytes;
        unsettled.delete(sent);
      };
      unsettled.add(sent);
      sent.then(forget, forget);
      return sent;
    },
    flush,
    async close() {
      await flush();
      await sessions.close();
    },
  };
}

function settle(metrics: StageMetrics, { lane, messages }: Parcel, baseOffset: number): void {
  const { topic, partition } = lane;
  const now = performance.now();
  metrics.messagesProduced.inc({ topic }, messages.length);
  for (const [index, { resolve, since }] of messages.entries()) {
    metrics.produceSeconds.observe({ topic }, (now - since) / 1_000);
    resolve({ partition, offset: baseOffset + index });
  }
}
