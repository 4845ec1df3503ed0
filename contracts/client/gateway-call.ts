import type { ClientPlatform } from './platform.ts';
import type { ClockSkew } from './skew.ts';
import type { DescribedFault, TributaryClientOptions } from './types.ts';

/** A request that the gateway did not answer, or answered with an error. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** 0 if there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  readonly remedy: string | undefined;
  readonly retryable: boolean;

  constructor(status: number, { code, field, reason, remedy, retryable }: DescribedFault) {
    super(reason);
    this.status = status;
    this.code = code;
    this.field = field;
    this.remedy = remedy;
    this.retryable = retryable ?? isTransient(status);
  }
}

/** A verdict as the gateway writes it. */
export type GatewayVerdict =
  | { readonly status: 'accepted'; readonly partition: number; readonly offset: number }
  | { readonly status: 'rejected'; readonly error: DescribedFault };

export interface GatewayAnswer {
  /** 0 if there was no answer. */
  readonly status: number;
  readonly body: { readonly results?: readonly GatewayVerdict[]; readonly error?: DescribedFault };
  /** Time that the gateway wants to rest, in milliseconds; 0 without a wish. */
  readonly restMs: number;
}

export type GatewayCall = (
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: string,
) => Promise<GatewayAnswer>;

/** Longest body that a browser sends after its page was closed, in bytes. */
export const MAX_KEPT_BYTES = 60_000;

/** Whether the same request may be answered otherwise later. */
export function isTransient(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

const REMEDY = 'Check the option url, which is the address of the gateway, and what stands between.';

/** @returns a function that never rejects: a request without an answer, or without one of a gateway, has the status 0 */
export function createGatewayCall(
  { url, headers, timeoutMs = 15_000 }: TributaryClientOptions,
  { fetch, now }: ClientPlatform,
  skew: ClockSkew,
): GatewayCall {
  const base = url.replace(/\/+$/, '');
  const unanswered = (code: string, reason: string, restMs = 0): GatewayAnswer => {
    const error = { code, reason: base + reason, remedy: REMEDY, retryable: true };
    return { status: 0, body: { error }, restMs };
  };
  return async (method, path, body) => {
    const sentAt = now();
    try {
      const response = await fetch(base + path, {
        method,
        headers: body === undefined ? { ...headers } : { 'content-type': 'application/json', ...headers },
        body: body ?? null,
        keepalive: body !== undefined && body.length < MAX_KEPT_BYTES / 3,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const receivedAt = now();
      const { status } = response;
      const answer = (await response.json().catch(() => null)) as GatewayAnswer['body'] | null;
      const wish = response.headers.get('retry-after');
      const restMs = restOf(wish, now() + skew.correction);
      // A batch that a proxy finds too large is halved as one that the gateway finds too large.
      if (status !== 413 && !isOfGateway(answer)) {
        const from = response.redirected ? ` (after a redirect to ${response.url})` : '';
        return unanswered('gateway.foreign', ` answered ${status}, but not as a gateway does${from}`, restMs);
      }
      skew.observe(response.headers.get('date'), sentAt, receivedAt);
      return { status, body: answer ?? {}, restMs };
    } catch (error) {
      const { message, cause } = error as Error & { cause?: Error };
      return unanswered('gateway.unreachable', ` does not answer: ${cause?.message || message}`);
    }
  };
}

/** The members of which each answer of a gateway has one. */
const MEMBERS = ['results', 'items', 'itemId', 'state'];

/** A gateway that does not know the route of a client was reached by a wrong path. */
function isOfGateway(answer: GatewayAnswer['body'] | null): boolean {
  const body = Object(answer) as GatewayAnswer['body'];
  const code = body.error?.code;
  return code ? code !== 'route.unknown' : MEMBERS.some((name) => name in body);
}

/** Timers take no more than 2³¹ ms, and a wish for more than an hour is a mistake. */
const LONGEST_REST_MS = 3_600_000;

/** `retry-after` has seconds or a date. */
function restOf(wish: string | null, now: number): number {
  if (wish === null) return 0;
  const seconds = Number(wish);
  const ms = Number.isNaN(seconds) ? Date.parse(wish) - now || 0 : seconds * 1_000;
  return Math.min(LONGEST_REST_MS, Math.max(0, ms));
}
