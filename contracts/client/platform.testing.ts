import { type ClientPlatform, type EventStore, NO_STORE, type QueuedEvent } from './platform.ts';

/** A request as the fake gateway sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  /** By the clock of the device, in milliseconds. */
  readonly at: number;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly body?: unknown;
  /** In place of `body`: a page, as a proxy or a wrong server answers. */
  readonly page?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time that the answer takes, in milliseconds. */
  readonly takesMs?: number;
}

export interface FakePlatform extends ClientPlatform {
  readonly requests: readonly SeenRequest[];
  /** Requests that carry entries. */
  readonly posts: readonly SeenRequest[];
  /** Lets time pass, and everything that is due run. */
  advance(ms: number): Promise<void>;
}

export const START = Date.parse('2026-03-01T12:00:00.400Z');

/**
 * A device whose time passes only by `advance`, and a gateway whose clock differs from it.
 * @param answer answers a request; undefined accepts every entry, an error is an unreachable gateway
 */
export function createFakePlatform(
  answer: (request: SeenRequest, count: number) => FakeAnswer | undefined = () => undefined,
  options: Partial<ClientPlatform['limits']> & {
    readonly serverAheadMs?: number;
    readonly store?: EventStore;
    readonly beacon?: ClientPlatform['beacon'];
  } = {},
): FakePlatform {
  const { serverAheadMs = 0, store = NO_STORE, beacon, ...limits } = options;
  const requests: SeenRequest[] = [];
  let time = START;
  let timers: { at: number; call: () => void }[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => timers.push({ at: time + ms, call: resolve }));

  async function respond(url: string, init: RequestInit = {}): Promise<Response> {
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as SeenRequest['entries']) : [];
    const path = url.replace('http://gateway', '');
    const seen = { method: init.method ?? 'GET', path, entries: body, at: time };
    requests.push(seen);
    const {
      status = 202,
      body: given,
      page,
      headers = {},
      takesMs = 0,
    } = answer(seen, requests.length) ?? {};
    const half = takesMs / 2;
    if (half > 0) await sleep(half);
    const date = new Date(time + serverAheadMs).toUTCString();
    if (half > 0) await sleep(half);
    const results = body.map((_, index) => ({ index, status: 'accepted', partition: 0, offset: index }));
    const refused = { error: { code: 'stage.overloaded', reason: 'busy' } };
    if (page !== undefined) return new Response(page, { status, headers: { date, ...headers } });
    return Response.json(given ?? (status < 300 ? { results } : refused), {
      status,
      headers: { date, ...headers },
    });
  }

  return {
    requests,
    get posts() {
      return requests.filter(({ entries }) => entries.length > 0);
    },
    fetch: ((url: string, init?: RequestInit) => respond(url, init)) as typeof fetch,
    now: () => time,
    random: () => 0.5,
    fill: (bytes) => crypto.getRandomValues(bytes),
    later(ms, call) {
      const timer = { at: time + ms, call };
      timers.push(timer);
      return () => {
        if (!timers.includes(timer)) return;
        timers = timers.filter((one) => one !== timer);
        call();
      };
    },
    store,
    ...(beacon && { beacon }),
    limits: { batchSize: 3, batchBytes: 60_000, flushMs: 1_000, maxQueued: 100, maxShown: 100, ...limits },
    async advance(ms) {
      const end = time + ms;
      await settled();
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((one) => one !== due);
        time = due.at;
        due.call();
        await settled();
      }
      time = end;
    },
  };
}

/** Lets everything run that waits for no timer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** A store that outlives a client, as IndexedDB does a page. */
export function createFakeStore(): EventStore & { readonly events: Map<string, QueuedEvent> } {
  const events = new Map<string, QueuedEvent>();
  return {
    events,
    load: async () => [...events.values()],
    put: (event) => void events.set(event.event.eventId, event),
    remove: (ids) => ids.forEach((id) => void events.delete(id)),
  };
}
