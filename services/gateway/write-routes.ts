import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { timestampOf } from '#contracts/domain/action-validity.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Item, UserAction } from '#contracts/generated/records.ts';
import { PROBLEM_TYPE, RETRY_AFTER_SECONDS, toProblem } from '#platform/http/error-body.ts';
import { acceptJsonAs } from '#platform/http/json-body.ts';
import type { StagePorts } from '#platform/stage.ts';
import { createOriginCheck } from './cors.ts';
import { ActionInput, seemsOlder, validateAction } from './ingest/action.ts';
import {
  acceptBatch,
  type BatchAnswer,
  type EntryKind,
  MAX_BATCH,
  readBatch,
  statusOf,
} from './ingest/batch.ts';
import { IdentifiedItemInput, ItemInput, validateIdentifiedItem, validateItem } from './ingest/item.ts';
import { batchRoute } from './openapi.ts';
import type { RoutesOptions } from './routes.ts';
import { continueTrace } from './trace.ts';

const BATCH = { minItems: 1, maxItems: MAX_BATCH };

export type WriteOptions = Pick<
  RoutesOptions,
  'itemRules' | 'batchOptions' | 'metrics' | 'retention' | 'admission' | 'corsOrigins'
>;

/** Adds the routes that write to the log. */
export async function addWriteRoutes(stage: StagePorts, options: WriteOptions): Promise<void> {
  const { http } = stage;
  const { itemRules: rules, batchOptions, metrics, retention, admission, corsOrigins } = options;
  const checkOrigin = createOriginCheck(corsOrigins);
  const route = (operationId: string, summary: string, body: TSchema): object => ({
    ...batchRoute(operationId, summary, body),
    onRequest: [async (request: FastifyRequest) => checkOrigin(request), demandNoQuery, admission],
  });
  const actions = Type.Union([ActionInput, Type.Array(ActionInput, BATCH)]);
  const items = Type.Array(IdentifiedItemInput, BATCH);

  const postActions = async (request: FastifyRequest, reply: FastifyReply) => {
    const now = Date.now();
    const entries = readBatch(request.body);
    if (entries.some((entry) => seemsOlder(entry, now - retention.maxAgeMs))) await retention.lookAgain();
    const kind = actionKind(stage, now, retention.maxAgeMs, continueTrace(request, reply));
    const answer = await acceptBatch(entries, kind, batchOptions);
    metrics.count('actions', answer);
    return send(reply, answer);
  };
  await http.register(async (scope: FastifyInstance) => {
    // A page that is being closed can send text/plain only (`navigator.sendBeacon`).
    acceptJsonAs(scope, 'text/plain');
    scope.post('/v1/actions', route('postActions', 'Post one action or up to 1,000', actions), postActions);
  });

  http.put('/v1/items', route('putItems', 'Put up to 1,000 items', items), async (request, reply) => {
    const now = Date.now();
    const validate = (entry: unknown) => validateIdentifiedItem(entry, rules, now);
    const kind = itemKind(stage, validate, continueTrace(request, reply));
    const answer = await acceptBatch(readBatch(request.body), kind, batchOptions);
    metrics.count('items', answer);
    return send(reply, answer);
  });

  http.put<{ Params: { id: string } }>(
    '/v1/items/:id',
    route('putItem', 'Put one item, whole', ItemInput),
    async (request, reply) => {
      const now = Date.now();
      const validate = (entry: unknown) => validateItem(request.params.id, entry, rules, now);
      const kind = itemKind(stage, validate, continueTrace(request, reply));
      const answer = await acceptBatch([request.body], kind, batchOptions);
      metrics.count('items', answer);
      return send(reply, answer);
    },
  );
}

/** @throws TributaryError `field.invalid` (400): a parameter that promises something else, such as a dry run, must not be ignored */
async function demandNoQuery({ query }: FastifyRequest): Promise<void> {
  const [field] = Object.keys(query as object);
  if (field === undefined) return;
  const reason = 'is not a known parameter: there are none here, all is in the body';
  throw new TributaryError('field.invalid', reason, { status: 400, field });
}

function actionKind(stage: StagePorts, now: number, maxAgeMs: number, trace: string): EntryKind<UserAction> {
  return {
    validate: (entry) => validateAction(entry, now, maxAgeMs),
    identify: ({ eventId }) => ({ eventId }),
    write: (action) =>
      stage.produce('actions', action.userId, action, { trace, timestamp: timestampOf(action) }),
  };
}

function itemKind(stage: StagePorts, validate: EntryKind<Item>['validate'], trace: string): EntryKind<Item> {
  return {
    validate,
    identify: ({ itemId }) => ({ itemId }),
    write: (item) => stage.produce('items', item.itemId, item, { trace }),
  };
}

function send(reply: FastifyReply, answer: BatchAnswer): BatchAnswer {
  const status = statusOf(answer);
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  reply.code(status);
  const { error } = answer;
  if (status < 400 || error === undefined) return answer;
  reply.type(PROBLEM_TYPE);
  return toProblem(status, { ...answer, error });
}
