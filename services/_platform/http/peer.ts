import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { TributaryError } from '#contracts/errors.ts';
import { TRACE_HEADER } from '../observability/trace.ts';
import { DEADLINE_HEADER } from './deadline.ts';
import type { ErrorBody } from './error-body.ts';
import { rememberingLookup } from './remembered-addresses.ts';

/** Another stage, queried over kept-alive connections. */
export interface Peer {
  /**
   * @param path with its query, each part percent-encoded by `encodeURIComponent`; sent as it is, so that the ids `.` and
   *   `..` survive
   * @returns the parsed response
   * @throws TributaryError `peer.unavailable` (503, retryable) if the peer does not answer in time, or answers with
   *   5xx without an error body; `stage.overloaded` (503, retryable) if too many calls are under way; otherwise the peer's
   *   own error with its code, status, field and reason
   */
  get<T>(path: string, trace?: string): Promise<T>;
  /** @param gone aborts the call when its own caller has left; it fails with `peer.unavailable` then */
  post<T>(path: string, body: unknown, trace?: string, gone?: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

export interface PeerOptions {
  readonly name: string;
  /** Address of the peer; a path in it is ignored. */
  readonly url: string;
  /** Limit of a whole call, in milliseconds. Default 2 s. */
  readonly timeoutMs?: number;
  /** Most calls under way at once, waiting ones included; further ones fail at once. Default: no limit. */
  readonly maxCalls?: number;
  /** How the address of the peer is found. Default: as `rememberingLookup` does. */
  readonly lookup?: LookupFunction;
}

export function createPeer(options: PeerOptions): Peer {
  const { name, url, timeoutMs = 2_000, maxCalls = Number.POSITIVE_INFINITY } = options;
  const { origin } = new URL(url);
  const agent = new Agent({ connections: 32, connect: { lookup: options.lookup ?? rememberingLookup() } });
  let calls = 0;

  async function call<T>(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    trace?: string,
    gone?: AbortSignal,
  ): Promise<T> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      [DEADLINE_HEADER]: String(timeoutMs),
    };
    if (trace !== undefined) headers[TRACE_HEADER] = trace;
    if (body !== undefined) headers['content-type'] = 'application/json';
    let status: number;
    let parsed: unknown;
    if (calls >= maxCalls) {
      throw new TributaryError('stage.overloaded', `${calls} calls of ${name} are under way already`, {
        retryable: true,
        status: 503,
      });
    }
    calls += 1;
    try {
      // An URL object would resolve the path, and drop a segment that is an id of dots.
      const sent = body === undefined ? null : JSON.stringify(body);
      const answer = await exchange(agent, { origin, path, method, headers, body: sent }, timeoutMs, gone);
      status = answer.status;
      parsed = JSON.parse(answer.text);
    } catch (cause) {
      throw new TributaryError('peer.unavailable', `${name} does not answer: ${(cause as Error).message}`, {
        cause,
        retryable: true,
        status: 503,
      });
    } finally {
      calls -= 1;
    }
    if (status < 400) return parsed as T;
    throw peerError(name, status, parsed);
  }

  return {
    get: (path, trace) => call('GET', path, undefined, trace),
    post: (path, body, trace, gone) => call('POST', path, body, trace, gone),
    close: () => agent.close(),
  };
}

/**
 * One request with its whole response. Streams and abort signals of the convenient API of undici cost a gateway more than the rest of the call.
 * @param timeoutMs limit of the whole exchange, including the wait for a connection and a slow body
 * @param gone ends the exchange when nobody waits for it any more
 */
function exchange(
  agent: Agent,
  request: Dispatcher.DispatchOptions,
  timeoutMs: number,
  gone?: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let over: Error | undefined;
    let status = 0;
    const chunks: Buffer[] = [];
    const end = (): void => {
      clearTimeout(timer);
      gone?.removeEventListener('abort', leave);
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const giveUp = (reason: string): void => {
      over = new Error(reason);
      fail(over);
      controller?.abort(over);
    };
    const leave = (): void => giveUp('the caller has gone away');
    const timer = setTimeout(() => giveUp(`there is no whole response within ${timeoutMs} ms`), timeoutMs);
    if (gone?.aborted === true) return leave();
    gone?.addEventListener('abort', leave, { once: true });
    try {
      agent.dispatch(request, {
        onRequestStart(started) {
          controller = started;
          // It waited for a connection until now.
          if (over !== undefined) started.abort(over);
        },
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          end();
          resolve({ status, text: Buffer.concat(chunks).toString() });
        },
        onResponseError(_controller, error) {
          fail(error);
        },
      });
    } catch (error) {
      fail(error as Error);
    }
  });
}

/** Keeps the peer's own error, so that a caller of the gateway sees the true reason. */
function peerError(name: string, status: number, body: unknown): TributaryError {
  const error = (body as Partial<ErrorBody> | null)?.error;
  if (error === undefined) {
    return new TributaryError('peer.unavailable', `${name} answered ${status}`, {
      status: 503,
      retryable: true,
    });
  }
  return new TributaryError(error.code, error.reason, {
    status,
    retryable: status >= 500,
    ...(error.field === undefined ? {} : { field: error.field }),
  });
}
