import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Slate } from '#contracts/generated/records.ts';
import { waitOfCaller } from '#platform/http/deadline.ts';
import { TRACE_HEADER } from '#platform/observability/trace.ts';
import type { Caller, SlateCalls } from './slate-calls.ts';

const SlateBody = Type.Object(
  {
    userId: Type.String({ minLength: 1 }),
    n: Type.Integer({ minimum: 1, maximum: 50, default: 10 }),
  },
  { additionalProperties: false },
);

/**
 * `POST /slates`: responds once the log has the slate, so that every reaction of the user finds its slate. Without an answer
 * within the time of the caller there is no slate.
 */
export function addSlateRoute<P>(
  http: FastifyInstance,
  options: {
    calls: SlateCalls;
    /** Longest wait for a slate, in milliseconds, whatever the caller says. */
    timeoutMs: number;
    readPool: (userId: string) => Promise<P>;
    compose: (pool: P, request: { slateId: string; userId: string; size: number }) => Slate;
    publish: (slate: Slate, trace: string | undefined) => Promise<unknown>;
  },
): void {
  const { calls, timeoutMs, readPool, compose, publish } = options;
  http.post<{ Body: Static<typeof SlateBody> }>('/slates', { schema: { body: SlateBody } }, (request) => {
    const { userId, n } = request.body;
    const { [TRACE_HEADER]: trace } = request.headers;
    const { socket } = request.raw;
    const caller: Caller = {
      waitMs: waitOfCaller(request.headers, timeoutMs),
      isThere: () => !socket.destroyed && !socket.readableEnded,
    };
    return calls.serve(caller, {
      readPool: () => readPool(userId),
      compose: (pool) => compose(pool, { slateId: randomUUID(), userId, size: n }),
      publish: (slate) => publish(slate, typeof trace === 'string' ? trace : undefined),
    });
  });
}
