import { ClientError, createGatewayCall, MAX_KEPT_BYTES } from './gateway-call.ts';
import type { ClientPlatform, QueuedEvent } from './platform.ts';
import { createPump, dropped, nextRequest, type Pump, type WaitingEntry } from './pump.ts';
import { createShownItems } from './shown.ts';
import { createSkew } from './skew.ts';
import type {
  IdentifiedItem,
  RecommendedSlate,
  SimilarItems,
  TrackedAction,
  TrackVerdict,
  TributaryClient,
  TributaryClientOptions,
} from './types.ts';
import { uuidV7 } from './uuid.ts';

/** An event that waits, and whether a closing page has sent it already. */
interface WaitingEvent extends WaitingEntry {
  isBeaconed?: boolean;
}

/** What the entries for browsers and Node need besides the client itself. */
export interface ClientParts {
  readonly client: TributaryClient;
  /** Sends what is queued without waiting for verdicts, as the page may end now. */
  leave(): void;
  /** Tries again at once, as the network is back. */
  hurry(): void;
}

export function createClientOn(platform: ClientPlatform, options: TributaryClientOptions): ClientParts {
  const { now, store, limits } = platform;
  const { onVerdict } = options;
  const skew = createSkew();
  const call = createGatewayCall(options, platform, skew);
  const shown = createShownItems(limits.maxShown, platform.memory);
  const ports = { call, platform, correction: () => skew.correction };
  const actions = createPump({ ...ports, method: 'POST', path: '/v1/actions' });
  const waiting: WaitingEvent[] = actions.waiting;
  const catalogues = new Set<Pump>();
  let user = options.userId;
  let isDue = false;
  let isClosed = false;
  let sending: Promise<void> | undefined;
  const restored = store.load().then((events) => {
    for (const event of events) if (!waiting.some(({ id }) => id === event.event.eventId)) enqueue(event);
    if (events.length > 0) void send();
  });

  function enqueue(queued: QueuedEvent, isNew = false): Promise<TrackVerdict> {
    const { event, isGiven } = queued;
    const id = event.eventId;
    return new Promise((resolve) => {
      let isSettled = false;
      const settle = (verdict: TrackVerdict): void => {
        if (isSettled) return;
        isSettled = true;
        // A client that was closed leaves its events to the next session.
        if (!isClosed || verdict.status !== 'dropped') store.remove([id]);
        resolve(verdict);
        onVerdict?.(verdict);
      };
      const json = () =>
        JSON.stringify(isGiven ? event : { ...event, occurredAt: event.occurredAt + skew.correction });
      if (isClosed) return settle(dropped(id, 'client.closed', 'the client was closed'));
      waiting.push({ id, json, settle });
      if (isNew) store.put(queued);
      if (waiting.length > limits.maxQueued) {
        const [oldest] = waiting.splice(actions.flying, 1);
        oldest?.settle(dropped(oldest.id, 'queue.full', `${limits.maxQueued} events wait already`));
      }
    });
  }

  function send(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  async function sendAll(): Promise<void> {
    // The clocks are compared before the first event, so that no event of a session is sent with a wrong time.
    if (!skew.isKnown && waiting.length > 0) await call('GET', '/healthz');
    await actions.run();
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

  function track(action: TrackedAction): Promise<TrackVerdict> {
    const { eventId = uuidV7(now(), platform.fill), userId = user, occurredAt, ...rest } = action;
    const at = occurredAt ?? now();
    const isOpen = userId !== undefined && rest.slateId === undefined;
    const place = isOpen ? shown.find(userId, action.itemId) : undefined;
    const event = { eventId, userId, ...place, ...rest, occurredAt: at };
    const verdict = enqueue({ event, isGiven: occurredAt !== undefined }, true);
    if (waiting.length >= limits.batchSize) void send();
    // Also after a send: one that is about to end would overlook the event.
    schedule();
    return verdict;
  }

  async function read<T>(path: string): Promise<T> {
    const { status, body } = await call('GET', path);
    if (status === 200) return body as T;
    throw new ClientError(
      status,
      body.error ?? { code: `http.${status}`, reason: `the gateway answered ${status}` },
    );
  }

  const client: TributaryClient = {
    track,
    trackImpression(slate, slots) {
      const { slateId, userId } = slate;
      const seen = slate.items.filter(({ slot }) => slots?.includes(slot) ?? true);
      return Promise.all(
        seen.map(({ itemId, slot }) => {
          // Derived, so that an item that scrolls into view twice was seen once.
          const eventId = `impression-${slateId}-${slot}`;
          return track({ eventId, userId, itemId, type: 'impression', slateId, slot });
        }),
      );
    },
    identifyItems(items) {
      const catalogue = createPump({ ...ports, method: 'PUT', path: '/v1/items' });
      const verdicts = items.map(
        (item: IdentifiedItem) =>
          new Promise<TrackVerdict>((settle) => {
            catalogue.waiting.push({ id: item.itemId, json: () => JSON.stringify(item), settle });
          }),
      );
      catalogues.add(catalogue);
      void catalogue.run().finally(() => catalogues.delete(catalogue));
      return Promise.all(verdicts);
    },
    async recommend(query = {}) {
      const parameters = Object.entries({ userId: user ?? '', n: 10, ...query }).flatMap(([name, values]) =>
        [values].flat().map((value) => `${name}=${encodeURIComponent(value)}`),
      );
      const slate = await read<RecommendedSlate>(`/v1/recommendations?${parameters.join('&')}`);
      shown.add(slate);
      return slate;
    },
    similar: (itemId, { n = 10 } = {}) =>
      read<SimilarItems>(`/v1/items/${encodeURIComponent(itemId)}/similar?n=${n}`),
    setUser(userId) {
      user = userId;
    },
    get queued() {
      return waiting.length;
    },
    async ready() {
      while (waiting.length > limits.maxQueued / 2) {
        await new Promise<void>((resolve) => platform.later(5, resolve));
      }
    },
    async flush() {
      await restored;
      actions.hurry();
      while (waiting.length > 0 && !isClosed) await send();
    },
    async close(timeoutMs = 5_000) {
      let end: () => void = () => undefined;
      const timeout = new Promise<void>((resolve) => {
        end = platform.later(timeoutMs, resolve);
      });
      await Promise.race([client.flush(), timeout]);
      isClosed = true;
      end();
      for (const pump of [actions, ...catalogues]) {
        pump.stop();
        for (const { id, settle } of pump.waiting) {
          settle(dropped(id, 'client.closed', `the gateway did not answer within ${timeoutMs} ms`));
        }
        pump.waiting.length = 0;
      }
    },
  };

  function leave(): void {
    for (;;) {
      const left = waiting.filter(({ isBeaconed }) => !isBeaconed);
      if (left.length === 0) return;
      const { batch, body } = nextRequest(left, limits.batchSize, MAX_KEPT_BYTES);
      if (!platform.beacon?.(`${options.url.replace(/\/+$/, '')}/v1/actions`, body)) return;
      // There is no verdict: the events stay in the store, and the next session sends them again with the same ids.
      for (const one of batch as readonly WaitingEvent[]) one.isBeaconed = true;
    }
  }

  return { client, leave, hurry: actions.hurry };
}
