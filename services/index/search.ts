import { normaliseInPlace } from '#algorithms/vectors.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { TributaryError } from '#platform/errors.ts';
import type { Neighbour } from './hnsw.ts';
import type { LiveIndex, ServedGeneration } from './live-index.ts';

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
  return queries.map((query, index) =>
    'itemId' in query ? searchItem(chosen, query.itemId, k) : searchVector(chosen, query.vector, k, index),
  );
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

function searchItem({ generation, graph }: ServedGeneration, itemId: string, k: number): QueryResult {
  const row = generation.table?.rowOf(itemId);
  if (row === undefined || !generation.isPresent(row)) return { error: 'item.unknown' };
  const found = graph.search(generation.table!.at(row), k + 1);
  return { neighbours: found.filter((neighbour) => neighbour.itemId !== itemId).slice(0, k) };
}

function searchVector(
  { generation, graph }: ServedGeneration,
  components: readonly number[],
  k: number,
  index: number,
): QueryResult {
  const field = `queries[${index}].vector`;
  const dimension = generation.table!.dimension;
  if (components.length !== dimension) {
    const reason = `has ${components.length} numbers, but ${generation.id} has ${dimension}`;
    throw new TributaryError('field.invalid', reason, { status: 400, field });
  }
  const vector = Float32Array.from(components);
  if (!normaliseInPlace(vector)) {
    throw new TributaryError('field.invalid', 'has no direction', { status: 400, field });
  }
  return { neighbours: graph.search(vector, k) };
}
