import type { HardNegatives, NegativeSampler } from '#algorithms/pinsage/negatives.ts';
import type { PairColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';

/** Examples of one step. All but `targets` are positions in `targets`. */
export interface ExampleBatch {
  /** The items of the batch, each once. */
  readonly targets: Int32Array;
  /** B queries with their B positives. */
  readonly query: Int32Array;
  readonly positive: Int32Array;
  /** Negatives of every query. */
  readonly negatives: Int32Array;
  /** B × H negatives of one query each; a missing one is the query itself, which the loss ignores. */
  readonly hard: Int32Array;
}

export interface EpochOptions {
  readonly batch: number;
  /** Examples of the epoch, drawn without replacement; no more than there are pairs. */
  readonly examples: number;
  readonly negatives: number;
  /** H. */
  readonly hardPerQuery: number;
}

/** Mini-batches of one epoch in a random order; the last may be smaller. */
export function* epochBatches(
  pairs: PairColumns,
  sampler: NegativeSampler,
  hard: HardNegatives | undefined,
  options: EpochOptions,
  random: Random,
): Iterable<ExampleBatch> {
  const order = drawOrder(pairs.query.length, options.examples, random);
  for (let start = 0; start < order.length; start += options.batch) {
    const chosen = order.subarray(start, start + options.batch);
    const query = chosen.map((p) => pairs.query[p]!);
    const positive = chosen.map((p) => pairs.positive[p]!);
    const negatives = sampler.sample(options.negatives, random);
    yield reindex(query, positive, negatives, drawHard(query, hard, options.hardPerQuery, random));
  }
}

/** The first `count` of a random order of 0..length−1. */
export function drawOrder(length: number, count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  const kept = Math.min(count, length);
  for (let i = 0; i < kept; i++) {
    const j = i + random.integer(length - i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order.subarray(0, kept);
}

function drawHard(
  query: Int32Array,
  hard: HardNegatives | undefined,
  perQuery: number,
  random: Random,
): Int32Array {
  const drawn = new Int32Array(query.length * perQuery);
  for (let i = 0; i < drawn.length; i++) {
    const item = query[Math.floor(i / perQuery)]!;
    drawn[i] = hard?.candidatesOf(item)[random.integer(hard.size)] ?? item;
  }
  return drawn;
}

function reindex(
  query: Int32Array,
  positive: Int32Array,
  negatives: Int32Array,
  hard: Int32Array,
): ExampleBatch {
  const positionOf = new Map<number, number>();
  const position = (item: number) => {
    const known = positionOf.get(item);
    if (known !== undefined) return known;
    positionOf.set(item, positionOf.size);
    return positionOf.size - 1;
  };
  const [q, p, n, h] = [query, positive, negatives, hard].map((items) => items.map(position));
  return { targets: Int32Array.from(positionOf.keys()), query: q!, positive: p!, negatives: n!, hard: h! };
}
