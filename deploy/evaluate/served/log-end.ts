import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { row } from '#algorithms/vectors.ts';
import type { Item, ItemEmbedding, Release, UserAction } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { TrainedCompanion } from '../../../services/retrain/trainers/companion.ts';
import type { DatasetItem } from '../../data/dataset.ts';
import type { ItemVectors } from '../pinsage/medoid-neighbours.ts';

/** Name of the generation that an evaluation serves. */
export const EVALUATED = '20260101T000000000Z';

/** A log that ends where an evaluation begins, as the records that its topics hold. */
export interface LogEnd {
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** Ascending by time; numbers of `userIds` and `itemIds`. */
  readonly actions: ActionColumns;
  readonly catalogue: ReadonlyMap<string, DatasetItem>;
  /** Vectors of the items, of which rows of zeros are left out as a release does. */
  readonly vectors: ItemVectors;
  /** Factors of the users' behaviour, if the generation has them. */
  readonly behaviour?: BehaviourFactors;
  /** Models that were trained beside PinSage. */
  readonly companions?: readonly TrainedCompanion[];
}

/** The record of one action. */
export function actionRecord({ userIds, itemIds, actions }: LogEnd, position: number): UserAction {
  const occurredAt = actions.at[position]!;
  return {
    eventId: String(position),
    userId: userIds[actions.user[position]!]!,
    itemId: itemIds[actions.item[position]!]!,
    type: 'buy',
    occurredAt,
    receivedAt: occurredAt,
    contextId: String(actions.context[position]!),
    value: null,
    slateId: null,
    slot: null,
  };
}

/** The catalogue entries of the items. */
export function* itemRecords({ itemIds, catalogue }: LogEnd): Generator<Item> {
  for (const itemId of itemIds) {
    const { title = itemId, text = '', categories = [], attributes = {} } = catalogue.get(itemId) ?? {};
    const content = { title, text, categories: [...categories], attributes: { ...attributes } };
    yield { itemId, ...content, vector: null, availability: 'available', updatedAt: 0 };
  }
}

export function* embeddingRecords({ itemIds, vectors }: LogEnd): Generator<ItemEmbedding> {
  for (const [number, itemId] of itemIds.entries()) {
    const own = row(vectors.vectors, number, vectors.dim);
    if (own.every((component) => component === 0)) continue;
    yield { generation: EVALUATED, itemId, vector: encodeVector(own), origin: 'trained', basis: null };
  }
}

export function releaseRecord(log: LogEnd): Release {
  return {
    generation: EVALUATED,
    state: 'active',
    dimension: log.vectors.dim,
    alpha: log.vectors.alpha,
    itemCount: [...embeddingRecords(log)].length,
    actionCount: log.actions.at.length,
    createdAt: 0,
    updatedAt: 0,
    metrics: {},
    modelCard: '{}',
    reason: null,
    follows: null,
  };
}
