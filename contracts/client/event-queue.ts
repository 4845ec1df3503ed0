import { type GatewayCall, MAX_KEPT_BYTES } from './gateway-call.ts';
import type { ClientPlatform, QueuedEvent } from './platform.ts';
import { createPump, dropped, nextRequest, type PumpOptions, type WaitingEntry } from './pump.ts';
import type { ClockSkew } from './skew.ts';
import type { TrackVerdict, TributaryClientOptions } from './types.ts';

/** The events that wait for their verdicts, and their way to the gateway. */
export interface EventQueue {
  /** Queues an event; the promise resolves with its verdict and never rejects. */
  add(queued: QueuedEvent): Promise<TrackVerdict>;
  readonly length: number;
  /** Resolves when the queue is at most half full. */
  ready(): Promise<void>;
  /** Sends at once; resolves when nothing waits any more, or after `close`. */
  flush(): Promise<void>;
  /** Gives what waits the verdict `dropped`, and leaves it in the store. */
  close(reason: string): void;
  /** Sends what waits without waiting for verdicts, as the page may end now. */
  leave(): void;
  /** Tries again at once. */
  hurry(): void;
}

export interface EventQueuePorts extends Pick<PumpOptions, 'onError'> {
  readonly platform: ClientPlatform;
  readonly call: GatewayCall;
  readonly skew: ClockSkew;
  readonly options: Pick<TributaryClientOptions, 'url' | 'onVerdict'>;
}

/** An event that waits, and whether a closing page has sent it already. */
interface WaitingEvent extends WaitingEntry {
  isBeaconed?: boolean;
}

/** Time between two looks at a queue that is too full, in milliseconds. */
const LOOK_MS = 5;

export function createEventQueue(ports: EventQueuePorts): EventQueue {
  const { platform, call, skew, options, onError } = ports;
  const { limits, store } = platform;
  const correction = () => skew.correction;
  const pump = createPump({ method: 'POST', path: '/v1/actions', call, platform, correction, onError });
  const waiting: WaitingEvent[] = pump.waiting;
  let isDue = false;
  let isClosed = false;
  let sending: Promise<void> | undefined;
  const restored = store.load().then((events) => {
    const known = new Set(waiting.map(({ id }) => id));
    for (const queued of events) if (!known.has(queued.event.eventId)) void enqueue(queued);
    if (events.length > 0) void send();
  });

  function enqueue({ event, isGiven }: QueuedEvent): Promise<TrackVerdict> {
    const id = event.eventId;
    return new Promise((resolve) => {
      let isSettled = false;
      const settle = (verdict: TrackVerdict): void => {
        if (isSettled) return;
        isSettled = true;
        // A client that was closed leaves its events to the next session.
        if (!isClosed || verdict.status !== 'dropped') store.remove([id]);
        resolve(verdict);
        report(verdict);
      };
      const json = () =>
        JSON.stringify(isGiven ? event : { ...event, occurredAt: event.occurredAt + skew.correction });
      if (isClosed) return settle(dropped(id, 'client.closed', 'the client was closed'));
      waiting.push({ id, json, settle });
    });
  }

  /** An error of the app must not stop the queue, and would send again what is settled. */
  function report(verdict: TrackVerdict): void {
    try {
      options.onVerdict?.(verdict);
    } catch (error) {
      console.error('tributary: onVerdict failed', error);
    }
  }

  function dropOldest(): void {
    if (waiting.length <= limits.maxQueued) return;
    const [oldest] = waiting.splice(pump.flying, 1);
    oldest?.settle(dropped(oldest.id, 'queue.full', `${limits.maxQueued} events wait already`));
  }

  function send(): Promise<void> {
    sending ??= sendWaiting().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  async function sendWaiting(): Promise<void> {
    // The clocks are compared before the first event, so that no event of a session is sent with a wrong time.
    if (!skew.isKnown && waiting.length > 0) await call('GET', '/healthz');
    await pump.run();
  }

  /** Sends within `flushMs` what waits by then. */
  function schedule(): void {
    if (isDue) return;
    isDue = true;
    platform.later(limits.flushMs, () => {
      isDue = false;
      void send();
    });
  }

  return {
    add(queued) {
      const reason = reasonAgainst(queued.event);
      if (reason !== undefined) {
        const verdict = dropped(queued.event.eventId, 'event.not-json', reason);
        report(verdict);
        return Promise.resolve(verdict);
      }
      const verdict = enqueue(queued);
      if (!isClosed) store.put(queued);
      dropOldest();
      if (waiting.length >= limits.batchSize) void send();
      // Also after a send: one that is about to end would overlook the event.
      if (!isClosed) schedule();
      return verdict;
    },
    get length() {
      return waiting.length;
    },
    async ready() {
      while (waiting.length > limits.maxQueued / 2) {
        await new Promise<void>((resolve) => platform.later(LOOK_MS, resolve));
      }
    },
    async flush() {
      await restored;
      pump.hurry();
      while (waiting.length > 0 && !isClosed) await send();
    },
    close(reason) {
      isClosed = true;
      pump.stop();
      for (const { id, settle } of waiting.splice(0)) settle(dropped(id, 'client.closed', reason));
    },
    leave() {
      for (;;) {
        const left = waiting.filter(({ isBeaconed }) => !isBeaconed);
        if (left.length === 0) return;
        const { batch, body } = nextRequest(left, limits.batchSize, MAX_KEPT_BYTES);
        if (!platform.beacon?.(`${options.url.replace(/\/+$/, '')}/v1/actions`, body)) return;
        // There is no verdict: the events stay in the store, and the next session sends them again with the same ids.
        for (const one of batch as readonly WaitingEvent[]) one.isBeaconed = true;
      }
    },
    hurry: pump.hurry,
  };
}

/** Why an event or item cannot be sent: a BigInt, or an object that contains itself. */
export function reasonAgainst(event: object): string | undefined {
  try {
    JSON.stringify(event);
    return undefined;
  } catch (error) {
    return String((error as Error).message);
  }
}
