import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Item, UserAction } from '#contracts/generated/records.ts';
import type { StagePorts } from '#platform/stage.ts';
import { ActionInput, validateAction } from './ingest/action.ts';
import {
  acceptBatch,
  type BatchAnswer,
  type BatchOptions,
  type EntryKind,
  MAX_BATCH,
  readBatch,
  statusOf,
} from './ingest/batch.ts';
import {
  IdentifiedItemInput,
  ItemInput,
  type ItemRules,
  validateIdentifiedItem,
  validateItem,
} from './ingest/item.ts';
import type { GatewayMetrics } from './metrics.ts';
import { batchRoute } from './openapi.ts';
import { continueTrace } from './trace.ts';

const BATCH = { minItems: 1, maxItems: MAX_BATCH };
const RETRY_AFTER_SECONDS = '1';

/** Adds the routes that write to the log. */
export function addWriteRoutes(
  stage: StagePorts,
  rules: ItemRules,
  options: BatchOptions,
  metrics: GatewayMetrics,
): void {
  const { http } = stage;
  const actions = Type.Union([ActionInput, Type.Array(ActionInput, BATCH)]);
  const items = Type.Array(IdentifiedItemInput, BATCH);

  http.post('/v1/actions', batchRoute('Post one action or up to 1,000', actions), async (request, reply) => {
    const kind = actionKind(stage, Date.now(), continueTrace(request, reply));
    const answer = await acceptBatch(readBatch(request.body), kind, options);
    metrics.count('actions', answer);
    return send(reply, answer);
  });

  http.put('/v1/items', batchRoute('Put up to 1,000 items', items), async (request, reply) => {
    const now = Date.now();
    const validate = (entry: unknown) => validateIdentifiedItem(entry, rules, now);
    const kind = itemKind(stage, validate, continueTrace(request, reply));
    const answer = await acceptBatch(readBatch(request.body), kind, options);
    metrics.count('items', answer);
    return send(reply, answer);
  });

  http.put<{ Params: { id: string } }>(
    '/v1/items/:id',
    batchRoute('Put one item, whole', ItemInput),
    async (request, reply) => {
      const now = Date.now();
      const validate = (entry: unknown) => validateItem(request.params.id, entry, rules, now);
      const kind = itemKind(stage, validate, continueTrace(request, reply));
      const answer = await acceptBatch([request.body], kind, options);
      metrics.count('items', answer);
      return send(reply, answer);
    },
  );
}

function actionKind(stage: StagePorts, now: number, trace: string): EntryKind<UserAction> {
  return {
    validate: (entry) => validateAction(entry, now),
    identify: ({ eventId }) => ({ eventId }),
    // Windows and retention use event time, so the message carries it too.
    write: (action) =>
      stage.produce('actions', action.userId, action, { trace, timestamp: action.occurredAt }),
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
  return answer;
}
