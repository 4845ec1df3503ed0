import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Slate } from '#contracts/generated/records.ts';
import { TRACE_HEADER } from '#platform/observability/trace.ts';

const SlateBody = Type.Object(
  {
    userId: Type.String({ minLength: 1 }),
    n: Type.Integer({ minimum: 1, maximum: 50, default: 10 }),
  },
  { additionalProperties: false },
);

/** `POST /slates`: responds once the log has the slate, so that every reaction of the user finds its slate. */
export function addSlateRoute(
  http: FastifyInstance,
  options: {
    compose: (request: { slateId: string; userId: string; size: number }) => Promise<Slate>;
    publish: (slate: Slate, trace: string | undefined) => Promise<unknown>;
  },
): void {
  http.post<{ Body: Static<typeof SlateBody> }>(
    '/slates',
    { schema: { body: SlateBody } },
    async (request) => {
      const { userId, n } = request.body;
      const trace = request.headers[TRACE_HEADER];
      const slate = await options.compose({ slateId: randomUUID(), userId, size: n });
      await options.publish(slate, typeof trace === 'string' ? trace : undefined);
      return slate;
    },
  );
}
