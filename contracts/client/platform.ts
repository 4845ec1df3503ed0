/** What the client needs of the place where it runs. Browser, Node and tests each supply it. */
export interface ClientPlatform {
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch by the clock of the device. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Fills the bytes with random ones, fit for ids. */
  fill(bytes: Uint8Array): void;
  /** Calls back after a time in milliseconds. @returns a function that calls back at once, unless that happened already */
  later(ms: number, call: () => void): () => void;
  /** Holds events until they have a verdict. */
  readonly store: EventStore;
  /** Keeps which items were shown in which slates beyond this page. */
  readonly memory?: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  /** Sends a body while the page is closed. @returns false if the browser does not accept it */
  readonly beacon?: (url: string, body: string) => boolean;
  /** Limits of one request, and of the queue. */
  readonly limits: ClientLimits;
}

export interface ClientLimits {
  readonly batchSize: number;
  readonly batchBytes: number;
  readonly flushMs: number;
  readonly maxQueued: number;
  /** Items of slates that are remembered. */
  readonly maxShown: number;
}

/** An event that waits for its verdict. */
export interface QueuedEvent {
  /** As it is sent; `occurredAt` by the clock of the device. */
  readonly event: Readonly<Record<string, unknown>> & {
    readonly eventId: string;
    readonly occurredAt: number;
  };
  /** Whether the app gave the time, so that it is not corrected. */
  readonly isGiven: boolean;
}

/** Holds queued events beyond the life of a page or process. A store that fails is one that forgets: it throws nothing. */
export interface EventStore {
  /** Returns what former sessions left, the oldest first. */
  load(): Promise<readonly QueuedEvent[]>;
  put(event: QueuedEvent): void;
  remove(eventIds: readonly string[]): void;
}

/** Forgets everything when the page or process ends. */
export const NO_STORE: EventStore = { load: async () => [], put: () => undefined, remove: () => undefined };
