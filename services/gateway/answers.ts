import { type Static, Type } from 'typebox';
import type { ExplainedSlate, SlotExplanation } from '#contracts/domain/explained-slate.ts';
import { AVAILABILITIES, type Medoid, type Slate, type UserInterests } from '#contracts/generated/records.ts';
import { explain } from './reason.ts';

const Nullable = Type.Union([Type.String(), Type.Null()]);
const Next = Type.Union([Type.String(), Type.Null()], {
  description: 'Cursor of the entries that follow; null after the last one.',
});

export const RecommendationsAnswer = Type.Object(
  {
    slateId: Type.String({ description: 'Identifies the slate in the topics slates and rewards.' }),
    userId: Type.String(),
    servedAt: Type.Integer({ description: 'Milliseconds since the epoch.' }),
    policy: Type.String({ description: 'The policy that chose the slate.' }),
    generation: Nullable,
    interestsVersion: Type.Integer({
      description: 'Offset in actions of the newest action reflected; −1 for an unknown user.',
    }),
    items: Type.Array(
      Type.Object({
        itemId: Type.String(),
        title: Type.String(),
        slot: Type.Integer({ description: 'Place, 0 on top.' }),
        score: Type.Number({
          description:
            'By which the policy ordered the item. Only differences within the slate mean something: thompson scores by weights that it has drawn.',
        }),
        propensity: Type.Number({ description: 'Probability that the policy shows this item here.' }),
        models: Type.Array(Type.String()),
        because: Type.Union([
          Type.Object({ itemId: Type.String(), title: Type.String(), type: Type.String() }),
          Type.Null(),
        ]),
        reason: Type.String({ description: 'The reason, in words for the user.' }),
        explain: Type.Optional(
          Type.Object({
            proposers: Type.Array(
              Type.Object({
                model: Type.String(),
                rank: Type.Integer({ description: 'Place in the list of the model, 0 on top.' }),
              }),
            ),
            medoid: Nullable,
            features: Type.Record(Type.String(), Type.Number()),
            contributions: Type.Record(Type.String(), Type.Number(), {
              description: 'The part of each feature in the expected score.',
            }),
            propensity: Type.Number(),
            conditional: Type.Number({
              description: 'Probability of the item here, given the items above it.',
            }),
            rules: Type.Array(Type.String(), { description: 'The rules that moved it.' }),
          }),
        ),
      }),
    ),
    explain: Type.Optional(
      Type.Object({
        given: Type.Record(Type.String(), Type.Integer(), {
          description: 'Number of candidates that each model gave.',
        }),
        proposed: Type.Record(Type.String(), Type.Integer(), {
          description: 'Number of shown items that each model proposed.',
        }),
        removed: Type.Record(Type.String(), Type.Integer(), {
          description: 'Number of candidates that each rule removed.',
        }),
        unknown: Type.Optional(
          Type.Array(Type.String(), {
            description:
              'Categories and attributes of the filter, and of the rules that are set, that no item of the catalogue has.',
          }),
        ),
        missingColumn: Type.Optional(
          Type.String({
            description:
              'The feature by which the policy orders, where no candidate has it: expected rewards ordered the slate.',
          }),
        ),
      }),
    ),
  },
  {
    examples: [
      {
        slateId: '0198c0de-0000-7000-8000-000000000001',
        userId: '2375',
        servedAt: 1_772_366_400_000,
        policy: 'thompson(draws=64)',
        generation: '20260301T000000000Z',
        interestsVersion: 1_042,
        items: [
          {
            itemId: '995242',
            title: 'Bread',
            slot: 0,
            score: 0.31,
            propensity: 0.41,
            models: ['medoid-neighbours', 'behaviour'],
            because: { itemId: '1082185', title: 'Oats', type: 'buy' },
            reason: 'because you bought “Oats”',
          },
        ],
      },
    ],
  },
);

export const InterestsAnswer = Type.Object(
  {
    userId: Type.String(),
    version: Type.Integer({ description: 'Offset in actions of the newest action included.' }),
    generation: Nullable,
    windowSize: Type.Integer({ description: 'Actions in the window.' }),
    unknownItems: Type.Integer({ description: 'Items of the window without a vector yet.' }),
    medoids: Type.Array(
      Type.Object({
        itemId: Type.String(),
        title: Type.String(),
        type: Type.String({ description: 'Type of the user’s action on it with the largest weight.' }),
        importance: Type.Number(),
        share: Type.Number({ description: 'Share in the importance of all medoids, 0 to 1.' }),
        size: Type.Integer({ description: 'Actions in its cluster.' }),
        lastOccurredAt: Type.Integer({ description: 'Milliseconds since the epoch.' }),
      }),
    ),
    next: Next,
  },
  {
    examples: [
      {
        userId: '2375',
        version: 1_042,
        generation: '20260301T000000000Z',
        windowSize: 12,
        unknownItems: 0,
        medoids: [
          {
            itemId: '1082185',
            title: 'Oats',
            type: 'buy',
            importance: 4.2,
            share: 1,
            size: 12,
            lastOccurredAt: 1_772_366_400_000,
          },
        ],
        next: null,
      },
    ],
  },
);

export const SimilarItemsAnswer = Type.Object(
  {
    itemId: Type.String(),
    title: Type.String(),
    generation: Type.String(),
    items: Type.Array(
      Type.Object({
        itemId: Type.String(),
        title: Type.String(),
        score: Type.Number({ description: 'Cosine, −1 to 1.' }),
      }),
    ),
    next: Next,
  },
  {
    examples: [
      {
        itemId: '1082185',
        title: 'Oats',
        generation: '20260301T000000000Z',
        items: [{ itemId: '995242', title: 'Bread', score: 0.83 }],
        next: 'WyIyMDI2MDMwMVQwMDAwMDAwMDBaIiwxXQ',
      },
    ],
  },
);

export const ItemAnswer = Type.Object(
  {
    itemId: Type.String(),
    title: Type.String(),
    availability: Type.Enum([...AVAILABILITIES]),
    categories: Type.Array(Type.String(), { description: 'From broad to narrow.' }),
    attributes: Type.Record(Type.String(), Type.String()),
    updatedAt: Type.Integer({ description: 'Time of the last put, milliseconds since the epoch.' }),
  },
  {
    description:
      'Without `text` and `vector`, which stand in the topic items alone: an item that is put again needs them again.',
    examples: [
      {
        itemId: '1082185',
        title: 'Oats',
        availability: 'available',
        categories: ['Grocery', 'Cereal'],
        attributes: { brand: 'Store' },
        updatedAt: 1_772_366_400_000,
      },
    ],
  },
);

/** Items that a slate names, in its slots and as causes. */
export function itemsOfSlate({ slots }: Slate): string[] {
  return slots.flatMap(({ itemId, because }) => (because === null ? [itemId] : [itemId, because.itemId]));
}

export function toRecommendationsAnswer(
  slate: ExplainedSlate,
  titleOf: (itemId: string) => string,
): Static<typeof RecommendationsAnswer> {
  const { slateId, userId, servedAt, policy, generation, interestsVersion, explain: why } = slate;
  return {
    slateId,
    userId,
    servedAt,
    policy,
    generation,
    interestsVersion,
    // While stages are rolled over, a slate may come from a rerank stage that does not know explanations yet.
    items: slate.slots.map(({ itemId, score, propensity, models, because, explanation = '' }, slot) => {
      const cause =
        because === null
          ? null
          : { itemId: because.itemId, title: titleOf(because.itemId), type: because.type };
      return {
        itemId,
        title: titleOf(itemId),
        slot,
        score,
        propensity,
        models: [...models],
        because: cause,
        reason: explain(explanation, cause),
        ...(why === undefined ? {} : { explain: mutable(why.slots[slot]!) }),
      };
    }),
    ...(why === undefined
      ? {}
      : {
          explain: {
            given: { ...why.given },
            proposed: { ...why.proposed },
            removed: { ...why.removed },
            ...(why.unknown === undefined ? {} : { unknown: [...why.unknown] }),
            ...(why.missingColumn === undefined ? {} : { missingColumn: why.missingColumn }),
          },
        }),
  };
}

function mutable({ proposers, rules, features, contributions, ...rest }: SlotExplanation) {
  return {
    ...rest,
    proposers: proposers.map((one) => ({ ...one })),
    rules: [...rules],
    features: { ...features },
    contributions: { ...contributions },
  };
}

/** @param part of the medoids, in their order */
export function toInterestsAnswer(
  interests: UserInterests,
  part: readonly Medoid[],
  titleOf: (itemId: string) => string,
): Omit<Static<typeof InterestsAnswer>, 'next'> {
  const { userId, version, generation, windowSize, unknownItems, medoids } = interests;
  const total = medoids.reduce((sum, { importance }) => sum + importance, 0);
  return {
    userId,
    version,
    generation,
    windowSize,
    unknownItems,
    medoids: part.map((medoid) => ({
      ...medoid,
      title: titleOf(medoid.itemId),
      share: total > 0 ? medoid.importance / total : 0,
    })),
  };
}
