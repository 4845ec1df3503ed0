import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';

/** The gateway's verdict on one element of a batch. */
export type ReceivedVerdict =
  | {
      readonly index: number;
      readonly status: 'accepted';
      readonly partition: number;
      readonly offset: number;
    }
  | {
      readonly index: number;
      readonly status: 'rejected';
      readonly error: {
        readonly code: string;
        readonly field?: string;
        readonly reason: string;
        readonly remedy?: string;
        /** Whether the same element may be accepted later. */
        readonly retryable?: boolean;
      };
    };

export interface ReceivedSlate {
  readonly slateId: string;
  readonly userId: string;
  readonly policy: string;
  readonly generation: string | null;
  /** Offset in `actions` of the newest action reflected; −1 for an unknown user. */
  readonly interestsVersion: number;
  readonly items: readonly {
    readonly itemId: string;
    readonly title: string;
    readonly slot: number;
    readonly models: readonly string[];
    readonly reason: string;
  }[];
}

export interface ReceivedInterests {
  readonly userId: string;
  /** Generation of embeddings in which the medoids were clustered; null before the first. */
  readonly generation: string | null;
  readonly windowSize: number;
  readonly medoids: readonly {
    readonly itemId: string;
    readonly title: string;
    /** Share of this medoid in the importance of all medoids, 0 to 1. */
    readonly share: number;
    readonly size: number;
  }[];
}

/** A response of the gateway that is neither success nor worth a retry. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly status: number;
  readonly code: string;

  constructor(path: string, status: number, code: string, reason: string) {
    super(`The gateway answered ${status} ${code} to ${path}: ${reason}`);
    this.status = status;
    this.code = code;
  }
}

export interface Gateway {
  /** Sends a JSON array of actions, at most 1,000 and 1 MiB, with retries until it is answered. */
  postActions(body: string): Promise<readonly ReceivedVerdict[]>;
  /** Sends a JSON array of items with retries until it is answered. */
  putItems(body: string): Promise<readonly ReceivedVerdict[]>;
  /** @param options `isProbe` for a slate that nobody sees: it is not logged */
  recommend(userId: string, count: number, options?: { readonly isProbe?: boolean }): Promise<ReceivedSlate>;
  /** Returns undefined for an unknown user. */
  interests(userId: string): Promise<ReceivedInterests | undefined>;
  /** Returns whether the active index holds a vector of the item. */
  isIndexed(itemId: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly url: string;
  /** Time for which a gateway that does not answer is tried, in milliseconds. Default 60,000. */
  readonly retryForMs?: number;
  /** Time for which a gateway that answers, but is too busy, is tried, in milliseconds. Default 10 minutes. */
  readonly busyForMs?: number;
  /** Time for which a gateway is tried that has not answered once, in milliseconds. Default: `retryForMs`. */
  readonly firstAnswerMs?: number;
  /** Called after a few seconds without success, and then from time to time, with what is the matter. */
  readonly onWaiting?: (problem: string, waitedMs: number) => void;
}

const BUSY = new Set([429, 502, 503, 504]);
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const SAY_AFTER_MS = 3_000;
const SAY_EVERY_MS = 10_000;

/** Actions and items have ids, so a batch whose response was lost can be sent again. */
export function connectGateway(options: GatewayOptions): Gateway {
  const { url, retryForMs = 60_000, busyForMs = 600_000, firstAnswerMs = retryForMs, onWaiting } = options;
  let hasAnswered = false;
  const { origin } = new URL(url);
  const dispatcher = new Agent({ connections: 32, headersTimeout: 30_000, bodyTimeout: 30_000 });

  async function call(method: 'GET' | 'POST' | 'PUT', path: string, body?: string): Promise<Answer> {
    // An URL object would resolve the path, and drop a segment that is an id of dots.
    const answer = await dispatcher.request({
      origin,
      path,
      method,
      ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
    });
    const retryAfter = Number(answer.headers['retry-after']);
    const json = (await answer.body.json().catch(() => undefined)) as Answer['json'];
    return { path, status: answer.statusCode, json, ...(retryAfter > 0 && { pauseMs: retryAfter * 1000 }) };
  }

  async function send(
    method: 'POST' | 'PUT',
    path: string,
    body: string,
  ): Promise<readonly ReceivedVerdict[]> {
    const started = Date.now();
    let nextWord = started + SAY_AFTER_MS;
    let deadline = started + (hasAnswered ? retryForMs : firstAnswerMs);
    const busyDeadline = Date.now() + busyForMs;
    for (let attempt = 0; ; attempt++) {
      const answer = await call(method, path, body).catch((error: Error) => error);
      if (!(answer instanceof Error)) {
        // A gateway that answers is alive, however busy it is.
        hasAnswered = true;
        deadline = Math.max(deadline, Math.min(Date.now() + retryForMs, busyDeadline));
        // Status 202 means that all were accepted, 207 some, 400 none; each has a verdict on every element.
        if (answer.json?.results !== undefined) return answer.json.results;
        if (!BUSY.has(answer.status)) throw failure(answer);
      }
      if (Date.now() >= nextWord) {
        nextWord = Date.now() + SAY_EVERY_MS;
        onWaiting?.(problemOf(answer), Date.now() - started);
      }
      if (Date.now() > deadline) throw answer instanceof Error ? answer : failure(answer);
      await delay(pause(attempt, answer instanceof Error ? undefined : answer.pauseMs));
    }
  }

  async function get(path: string): Promise<unknown> {
    const answer = await call('GET', path);
    if (answer.status !== 200) throw failure(answer);
    return answer.json;
  }

  return {
    postActions: (body) => send('POST', '/v1/actions', body),
    putItems: (body) => send('PUT', '/v1/items', body),
    async recommend(userId, count, { isProbe = false } = {}) {
      const query = `userId=${encodeURIComponent(userId)}&n=${count}${isProbe ? '&probe=true' : ''}`;
      return (await get(`/v1/recommendations?${query}`)) as ReceivedSlate;
    },
    interests: async (userId) => {
      const found = await get(`/v1/interests?userId=${encodeURIComponent(userId)}`).catch(undefinedIf(404));
      return found as ReceivedInterests | undefined;
    },
    isIndexed: async (itemId) => {
      const found = await get(`/v1/similar?itemId=${encodeURIComponent(itemId)}&n=1`).catch(undefinedIf(404));
      return found !== undefined;
    },
    close: () => dispatcher.close(),
  };
}

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly json:
    | { results?: readonly ReceivedVerdict[]; error?: { code: string; reason: string } }
    | undefined;
  readonly pauseMs?: number;
}

function problemOf(answer: Answer | Error): string {
  if (!(answer instanceof Error)) return `answers ${answer.status}`;
  return `does not answer (${(answer as NodeJS.ErrnoException).code ?? answer.message})`;
}

function failure({ path, status, json }: Answer): GatewayError {
  const { code = 'unknown', reason = 'no reason given' } = json?.error ?? {};
  return new GatewayError(path, status, code, reason);
}

function undefinedIf(status: number): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof GatewayError && error.status === status) return undefined;
    throw error;
  };
}

/** Doubles the pause; half of it is random, so that clients that failed together do not retry together. */
function pause(attempt: number, asked: number | undefined): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return Math.max(asked ?? 0, longest * (0.5 + Math.random() / 2));
}
