import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { LISTS_BY_NAME, type ListByName } from '#contracts/domain/asked-lists.ts';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import { DEVICES, type Device, MAX_CONTEXTS, SURFACE_PATTERN } from '#contracts/domain/request-context.ts';
import { MAX_FILTER_ENTRIES, type SlateFilter } from '#contracts/domain/slate-filter.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { waitOfCaller } from '#platform/http/deadline.ts';
import { traceOf } from '#platform/http/request-spans.ts';
import type { Caller, SlateCalls } from './slate-calls.ts';

const Entries = Type.Array(Type.String(), { maxItems: MAX_FILTER_ENTRIES });
const SlateBody = Type.Object(
  {
    userId: Type.String({ minLength: 1 }),
    n: Type.Integer({ minimum: 1, maximum: 50, default: 10 }),
    surface: Type.Optional(Type.String({ pattern: SURFACE_PATTERN })),
    device: Type.Optional(Type.Enum([...DEVICES])),
    context: Type.Optional(Type.Array(Type.String({ pattern: SURFACE_PATTERN }), { maxItems: MAX_CONTEXTS })),
    /** Nobody sees the slate: it is not logged. */
    probe: Type.Optional(Type.Boolean()),
    explain: Type.Optional(Type.Boolean()),
    /** The only list of the slate, one of those that are shown on request. */
    list: Type.Optional(Type.Enum([...LISTS_BY_NAME])),
    filter: Type.Optional(
      Type.Object(
        { anyCategory: Entries, allCategories: Entries, attributes: Entries, exclude: Entries },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** What the caller asks for. */
export interface AskedSlate {
  readonly slateId: string;
  readonly userId: string;
  readonly size: number;
  readonly surface?: string | undefined;
  readonly device?: Device | undefined;
  readonly context?: readonly string[] | undefined;
  readonly explain: boolean;
  readonly list?: ListByName | undefined;
  readonly filter?: SlateFilter | undefined;
}

/** A process of the version before ignores it and answers with the features. */
const SlateQuery = Type.Object({
  /** Whether the answer has the features of the items. */
  features: Type.Enum(['true', 'false'], { default: 'true' }),
});

/**
 * `POST /slates`: responds once the log has the slate, so that every reaction of the user finds its slate; or once the slate is chosen, if `calls` is so
 * set. Without an answer within the time of the caller there is no slate.
 */
export function addSlateRoute<P>(
  http: FastifyInstance,
  options: {
    calls: SlateCalls;
    /** Longest wait for a slate, in milliseconds, whatever the caller says. */
    timeoutMs: number;
    readPool: (userId: string) => Promise<P>;
    compose: (pool: P, asked: AskedSlate) => ExplainedSlate;
    publish: (slate: Slate, trace: string | undefined) => Promise<unknown>;
  },
): void {
  const { calls, timeoutMs, readPool, compose, publish } = options;
  const schema = { body: SlateBody, querystring: SlateQuery };
  type Request = { Body: Static<typeof SlateBody>; Querystring: Static<typeof SlateQuery> };
  http.post<Request>('/slates', { schema }, async (request) => {
    const {
      userId,
      n,
      surface,
      device,
      context,
      probe = false,
      explain = false,
      filter,
      list,
    } = request.body;
    const { socket } = request.raw;
    const caller: Caller = {
      waitMs: waitOfCaller(request.headers, timeoutMs),
      isThere: () => !socket.destroyed && !socket.readableEnded,
    };
    const asked = { slateId: randomUUID(), userId, size: n, surface, device, context, explain, filter, list };
    const slate = await calls.serve(caller, {
      readPool: () => readPool(userId),
      compose: (pool) => compose(pool, asked),
      publish: probe ? undefined : (logged: Slate) => publish(logged, traceOf(request)),
    });
    return request.query.features === 'true' ? slate : withoutFeatures(slate);
  });
}

/** Two thirds of the text of a slate are features, which only the log needs. */
function withoutFeatures(slate: Slate): Slate {
  return { ...slate, featureNames: [], slots: slate.slots.map((slot) => ({ ...slot, features: [] })) };
}
