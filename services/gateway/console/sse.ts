import type { FastifyReply } from 'fastify';

/** One client that listens to events (server-sent events). */
export interface EventStream {
  /** Aborts when the client leaves or the stage drains. */
  readonly signal: AbortSignal;
  /** Resolves when the client can accept more. */
  send(event: string, data: string): Promise<void>;
  close(): void;
}

/** A comment at this interval keeps proxies and the idle limit of the server from closing a quiet stream, ms. */
const HEARTBEAT_MS = 20_000;

const MAX_UNREAD_BYTES = 4 * 1_048_576;

/** Takes over the response of a request and keeps it open until the client leaves. */
export function openEventStream(reply: FastifyReply, stage: AbortSignal): EventStream {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write(': begun\n\n');
  const left = new AbortController();
  const end = (): void => {
    clearInterval(heartbeat);
    left.abort();
    raw.end();
  };
  const heartbeat = setInterval(() => raw.write(': alive\n\n'), HEARTBEAT_MS);
  raw.once('close', end);
  raw.on('error', end);
  stage.addEventListener('abort', end, { once: true });
  return {
    signal: left.signal,
    close: end,
    send: (event, data) =>
      new Promise((resolve) => {
        if (left.signal.aborted) return resolve();
        // A client that does not read would fill the memory; it comes back by itself.
        if (raw.writableLength > MAX_UNREAD_BYTES) {
          end();
          return resolve();
        }
        raw.write(`event: ${event}\ndata: ${data}\n\n`, () => resolve());
      }),
  };
}
