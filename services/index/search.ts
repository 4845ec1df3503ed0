import { norm, normaliseInPlace } from '#algorithms/vectors.ts';
import { TributaryError } from '#contracts/errors.ts';
import { decodeVector, encodeVector, VectorError } from '#contracts/vectors.ts';
import type { Query, QueryResult } from '#index-client/index-client.ts';
import type { Generation } from '#published/generation.ts';
import type { SearchableGeneration } from './graph/graph-builder.ts';
import type { LiveIndex } from './live-index.ts';

/** Float32 cannot tell a length within this of 1 from 1. */
const UNIT_TOLERANCE = 1e-6;

/**
 * The generation that answers a request: the named one, or the served one when none is named.
 * @throws TributaryError `index.empty` (503), `generation.pending` (503), `generation.undeclared` (503) for a name that the
 *   log does not hold or not yet, or `generation.unknown` (409)
 */
export function chooseGeneration(index: LiveIndex, id?: string): SearchableGeneration {
  const { served } = index;
  if (served === undefined) {
    throw new TributaryError('index.empty', 'no generation is active yet', { status: 503, retryable: true });
  }
  const chosen = id === undefined ? served : index.find(id);
  if (chosen === undefined) {
    const held = index.heldIds().join(', ');
    if (id !== undefined && index.mayCome(id)) {
      const code = index.isDeclared(id) ? 'generation.pending' : 'generation.undeclared';
      throw new TributaryError(code, `${id} is not held yet; held: ${held}`, {
        status: 503,
        field: 'generation',
        retryable: true,
      });
    }
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
export function searchAll(chosen: SearchableGeneration, queries: readonly Query[], k: number): QueryResult[] {
  const vectors = queries.map((query, index) => vectorOf(chosen, query, index));
  const known = vectors.filter((vector) => vector !== undefined);
  // One neighbour more, because an item finds itself as well.
  const found = chosen.graph.searchBatch(concatenate(known), k + 1).values();
  return queries.map((query, index) => {
    if (vectors[index] === undefined) return { error: 'item.unknown' };
    const near = found.next().value!;
    const others = 'itemId' in query ? near.filter(({ itemId }) => itemId !== query.itemId) : near;
    return { neighbours: others.slice(0, k) };
  });
}

/** Vectors by item, little-endian float32 in base64; items without a vector are left out. */
export function readVectors(
  { generation }: SearchableGeneration,
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

/** The query as a vector of length 1; undefined for an item that the generation does not have. */
function vectorOf(
  { generation }: SearchableGeneration,
  query: Query,
  index: number,
): Float32Array | undefined {
  const { table } = generation;
  if ('itemId' in query) {
    const row = table?.rowOf(query.itemId);
    return row !== undefined && generation.isPresent(row) ? table!.at(row) : undefined;
  }
  const field = `queries[${index}].vector`;
  const vector = readVector(query.vector, generation, field);
  // A vector that an index returned has length 1 already: scaling it again would change the last bits of scores.
  if (Math.abs(norm(vector) - 1) > UNIT_TOLERANCE && !normaliseInPlace(vector)) {
    throw new TributaryError('field.invalid', 'has no direction', { status: 400, field });
  }
  return vector;
}

/** Reads a vector from numbers, or from little-endian float32 in base64. */
function readVector(
  given: readonly number[] | string,
  { id, table }: Generation,
  field: string,
): Float32Array {
  const { dimension } = table!;
  const vector = typeof given === 'string' ? fromBase64(given, field) : Float32Array.from(given);
  if (vector.length !== dimension) {
    const reason = `has ${vector.length} numbers, but ${id} has ${dimension}`;
    throw new TributaryError('field.invalid', reason, { status: 400, field });
  }
  return vector;
}

function fromBase64(text: string, field: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  try {
    return decodeVector(bytes, Math.floor(bytes.length / Float32Array.BYTES_PER_ELEMENT));
  } catch (cause) {
    if (!(cause instanceof VectorError)) throw cause;
    throw new TributaryError('field.invalid', 'is not finite float32 in base64', {
      status: 400,
      field,
      cause,
    });
  }
}

/** Joins vectors of one length into a matrix, a row each. */
function concatenate(vectors: readonly Float32Array[]): Float32Array {
  const length = vectors[0]?.length ?? 0;
  const matrix = new Float32Array(vectors.length * length);
  vectors.forEach((vector, i) => void matrix.set(vector, i * length));
  return matrix;
}
