import type { Random } from '../random.ts';
import { normaliseInPlace, row } from '../vectors.ts';
import { degrees } from './graph.ts';
import type { ItemContextGraph } from './live-graph.ts';
import type { Adjacency } from './row-arena.ts';

/** Coordinates of a graph's contexts; they place items of this graph and of later ones in the same space. */
export interface SpectralBasis {
  readonly dim: number;
  /** contextCount × dim. */
  readonly contexts: Float32Array;
}

/** Extra columns, with which the last requested ones converge (Halko, Martinsson and Tropp 2011, §4.2). */
const OVERSAMPLING = 8;
const ITERATIONS = 5;
/** Below this length, the rest of a column that earlier columns explain is rounding. */
const RANK_TOLERANCE = 1e-7;

/**
 * Spectral co-clustering of items and contexts (Dhillon 2001, §4) by randomised subspace iteration: the leading
 * singular vectors of D_item^−½·B·D_context^−½, where B has a 1 for each edge whatever its weight. The first vector
 * contains nothing but degrees and is left out. If the graph has fewer than `dim` others, the last coordinates are 0.
 * It takes O(edges · dim) time.
 */
export function spectralBasis(graph: ItemContextGraph, dim: number, random: Random): SpectralBasis {
  const width = 1 + dim + OVERSAMPLING;
  let items: Float64Array = startingColumns(graph, width, random);
  orthonormaliseColumns(items, width);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    items = toItems(graph, toContexts(graph, items, width), width);
    orthonormaliseColumns(items, width);
  }
  const factors = toContexts(graph, items, width);
  const contexts = new Float32Array(graph.contextCount * dim);
  for (let column = 0; column < dim; column++) {
    const singularValue = columnNorm(factors, width, column + 1);
    // An item's coordinates are its singular vector times σ^½: the product with these, which contains σ², needs
    // σ^−3/2 here.
    const scale = singularValue < RANK_TOLERANCE ? 0 : singularValue ** -1.5;
    for (let context = 0; context < graph.contextCount; context++) {
      contexts[context * dim + column] = factors[context * width + column + 1]! * scale;
    }
  }
  return { dim, contexts };
}

/**
 * Places of a graph's items in the coordinates of a basis, itemCount × dim, rows of length 1; an item without a
 * context of the basis has 0. The graph may be a later one, whose first contexts are those of the basis.
 */
export function spectralPositions(graph: ItemContextGraph, { dim, contexts }: SpectralBasis): Float32Array {
  const known = new Float64Array(graph.contextCount * dim);
  known.set(contexts.subarray(0, known.length));
  const positions = Float32Array.from(toItems(graph, known, dim));
  for (let item = 0; item < graph.itemCount; item++) normaliseInPlace(row(positions, item, dim));
  return positions;
}

/** Noise, after a first column of √degree: it is the leading singular vector, and all others stay orthogonal to it. */
function startingColumns({ contextsOfItem, itemCount }: ItemContextGraph, width: number, random: Random) {
  const columns = new Float64Array(itemCount * width);
  const degree = degrees(contextsOfItem);
  for (let item = 0; item < itemCount; item++) {
    columns[item * width] = Math.sqrt(degree[item]!);
    for (let column = 1; column < width; column++) columns[item * width + column] = random.normal();
  }
  return columns;
}

function toItems(
  { contextsOfItem, itemsOfContext }: ItemContextGraph,
  contexts: Float64Array,
  width: number,
) {
  return multiply(contextsOfItem, degrees(itemsOfContext), contexts, width);
}

function toContexts(
  { contextsOfItem, itemsOfContext }: ItemContextGraph,
  items: Float64Array,
  width: number,
) {
  return multiply(itemsOfContext, degrees(contextsOfItem), items, width);
}

/** D_row^−½ · adjacency · D_target^−½ · matrix, where `matrix` is targets × width. */
function multiply(
  { starts, ends, targets }: Adjacency,
  targetDegrees: Int32Array,
  matrix: Float64Array,
  width: number,
): Float64Array {
  const product = new Float64Array(starts.length * width);
  for (let r = 0; r < starts.length; r++) {
    const degree = ends[r]! - starts[r]!;
    for (let edge = starts[r]!; edge < ends[r]!; edge++) {
      const target = targets[edge]!;
      const scale = 1 / Math.sqrt(degree * targetDegrees[target]!);
      for (let to = r * width, from = target * width, end = to + width; to < end; to++, from++) {
        product[to]! += scale * matrix[from]!;
      }
    }
  }
  return product;
}

/** Gram–Schmidt, in place, from the first column on; a column that earlier columns explain becomes 0. */
function orthonormaliseColumns(matrix: Float64Array, width: number): void {
  for (let column = 0; column < width; column++) {
    const before = columnNorm(matrix, width, column);
    for (let other = 0; other < column; other++) {
      let product = 0;
      for (let i = 0; i < matrix.length; i += width) product += matrix[i + column]! * matrix[i + other]!;
      for (let i = 0; i < matrix.length; i += width) matrix[i + column]! -= product * matrix[i + other]!;
    }
    const after = columnNorm(matrix, width, column);
    const scale = after <= before * RANK_TOLERANCE ? 0 : 1 / after;
    for (let i = column; i < matrix.length; i += width) matrix[i]! *= scale;
  }
}

function columnNorm(matrix: Float64Array, width: number, column: number): number {
  let sum = 0;
  for (let i = column; i < matrix.length; i += width) sum += matrix[i]! ** 2;
  return Math.sqrt(sum);
}
