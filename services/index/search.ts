import { normaliseInPlace } from '#algorithms/vectors.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { TributaryError } from '#platform/errors.ts';
import type { ServedGeneration } from './graph-builder.ts';
import type { Neighbour } from './hnsw.ts';
import type { LiveIndex } from './live-index.ts';

export type Query = { readonly itemId: string } | { readonly vector: readonly number[] };
export type QueryResult = { readonly neighbours: Neighbour[] } | { readonly error: 'item.unknown' };

/**
 * The generation that answers: the named one, else the served one.
 * @throws TributaryError `index.empty` (503) or `generation.unknown` (409)
 */
export function chooseGeneration(index: LiveIndex, id?: string): ServedGeneration {
  const { served } = index;
  if (served === undefined) {
    throw new TributaryError('index.empty', 'no generation is active yet', { status: 503, retryable: true });
  }
  const chosen = id === undefined ? served : index.find(id);
  if (chosen === undefined) {
    const held = index.heldIds().join(', ');
    throw new TributaryError('generation.unknown', `${id} is not held; held: ${held}`, {
      status: 409,
      field: 'generation',
    });
  }
  return chosen;
}

/**
 * Answers all queries from one generation.
 * @param k neighbours a query; an item is never its own neighbour
 * @throws TributaryError `field.invalid` (400) for a vector that is not of the generation's space
 */
export function searchAll(chosen: ServedGeneration, queries: readonly Query[], k: number): QueryResult[] {
  const vectors = queries.map((query, index) => vectorOf(chosen, query, index));
  const known = vectors.filter((vector) => vector !== undefined);
  // An item finds itself as well.
  const found = chosen.graph.searchBatch(concatenate(known), k + 1).values();
  return queries.map((query, index) => {
    if (vectors[index] === undefined) return { error: 'item.unknown' };
    const near = found.next().value!;
    const others = 'itemId' in query ? near.filter(({ itemId }) => itemId !== query.itemId) : near;
    return { neighbours: others.slice(0, k) };
  });
}

/** Little-endian float32 in base64, by item; those without a vector are left out. */
export function readVectors(
  { generation }: ServedGeneration,
  itemIds: readonly string[],
): Record<string, string> {
  const vectors = Object.create(null) as Record<string, string>;
  for (const itemId of itemIds) {
    const row = generation.table?.rowOf(itemId);
    if (row === undefined || !generation.isPresent(row)) continue;
    vectors[itemId] = encodeVector(generation.table!.at(row)).toString('base64');
  }
  return vectors;
}

/** Of length 1; undefined for an item that the generation does not have. */
function vectorOf({ generation }: ServedGeneration, query: Query, index: number): Float32Array | undefined {
  const { table } = generation;
  if ('itemId' in query) {
    const row = table?.rowOf(query.itemId);
    return row !== undefined && generation.isPresent(row) ? table!.at(row) : undefined;
  }
  const field = `queries[${index}].vector`;
  const { dimension } = table!;
  if (query.vector.length !== dimension) {
    const reason = `has ${query.vector.length} numbers, but ${generation.id} has ${dimension}`;
    throw new TributaryError('field.invalid', reason, { status: 400, field });
  }
  const vector = Float32Array.from(query.vector);
  if (!normaliseInPlace(vector)) {
    throw new TributaryError('field.invalid', 'has no direction', { status: 400, field });
  }
  return vector;
}

/** Vectors of one length, one after the other. */
function concatenate(vectors: readonly Float32Array[]): Float32Array {
  const length = vectors[0]?.length ?? 0;
  const matrix = new Float32Array(vectors.length * length);
  vectors.forEach((vector, i) => void matrix.set(vector, i * length));
  return matrix;
}
