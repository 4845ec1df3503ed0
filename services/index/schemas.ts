import { Type } from 'typebox';
import { MAX_ITEMS, MAX_NEIGHBOURS, MAX_QUERIES, MAX_VECTORS } from '#index-client/limits.ts';

const MAX_DIMENSION = 4_096;

/** A query is an item of the generation, or a vector of its space: an array of numbers or base64 as `/vectors` returns it. */
export const SearchBody = Type.Object(
  {
    generation: Type.Optional(Type.String({ minLength: 1 })),
    queries: Type.Array(
      Type.Union([
        Type.Object({ itemId: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
        Type.Object(
          { vector: Type.Array(Type.Number(), { minItems: 1, maxItems: MAX_DIMENSION }) },
          { additionalProperties: false },
        ),
        Type.Object({ vector: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
      ]),
      { maxItems: MAX_QUERIES },
    ),
    k: Type.Integer({ minimum: 1, maximum: MAX_NEIGHBOURS }),
  },
  { additionalProperties: false },
);

export const ItemsBody = Type.Object(
  { itemIds: Type.Array(Type.String(), { maxItems: MAX_ITEMS }) },
  { additionalProperties: false },
);

export const VectorsBody = Type.Object(
  {
    generation: Type.String({ minLength: 1 }),
    itemIds: Type.Array(Type.String(), { maxItems: MAX_VECTORS }),
  },
  { additionalProperties: false },
);

export const SimilarQuery = Type.Object({
  n: Type.Integer({ minimum: 1, maximum: MAX_NEIGHBOURS, default: 10 }),
});
