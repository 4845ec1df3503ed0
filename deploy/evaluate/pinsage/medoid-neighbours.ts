import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { clusterWindow, type Interest } from '#algorithms/pinnersage/interests.ts';
import { createWardWorkspace } from '#algorithms/pinnersage/ward.ts';
import type { WindowAction } from '#algorithms/pinnersage/window.ts';
import { TopK } from '#algorithms/top-k.ts';
import { row } from '#algorithms/vectors.ts';
import type { Recommendations } from './scores.ts';
import type { TemporalSplit } from './split.ts';

export interface ItemVectors {
  /** n × dim, centred, rows of length 1 or 0. */
  readonly vectors: Float32Array;
  readonly dim: number;
  /** α of the clustering that belongs to the vectors. */
  readonly alpha: number;
}

export interface WindowOptions {
  readonly days: number;
  /** Number of latest actions that are clustered. */
  readonly maximum: number;
  readonly lambdaPerDay: number;
}

/** Interests by user, the most important first; an item's id is its number. */
export type InterestsByUser = ReadonlyMap<number, readonly Interest[]>;

/** The interests of each test user at the end of `train`. */
export function interestsOf(
  { train, relevant }: TemporalSplit,
  { vectors, dim, alpha }: ItemVectors,
  { days, maximum, lambdaPerDay }: WindowOptions,
): InterestsByUser {
  const now = train.at.at(-1)!;
  const oldest = now - days * MILLISECONDS_PER_DAY;
  const windows = new Map([...relevant.keys()].map((user) => [user, [] as WindowAction[]]));
  train.user.forEach((user, i) => {
    const occurredAt = train.at[i]!;
    if (occurredAt < oldest) return;
    const [eventId, itemId] = [String(i), String(train.item[i])];
    windows.get(user)?.push({ eventId, itemId, type: 'buy', occurredAt, weight: 1 });
  });
  const workspace = createWardWorkspace();
  const options = { alpha, lambdaPerDay, actionWeights: { buy: 1 }, now };
  const vectorOf = (itemId: string) => row(vectors, Number(itemId), dim);
  const interests = new Map<number, readonly Interest[]>();
  for (const [user, actions] of windows) {
    const window = { actions: actions.slice(-maximum) };
    interests.set(user, clusterWindow(window, vectorOf, options, workspace).medoids);
  }
  return interests;
}

/** Recommended items of a user. */
const LIST = 20;

/**
 * Recommendations of each test user's `medoids` most important medoids: the sum of importance · cosine (if above 0),
 * times `prior`. The propose stage does the same with the neighbours that its index finds near the sampled medoids;
 * here every unseen item is a candidate of every medoid.
 *
 * @param prior ≥ 0, by item
 */
export function recommendByMedoids(
  { relevant, seen }: TemporalSplit,
  interests: InterestsByUser,
  vectors: ItemVectors,
  prior: Float64Array,
  medoids: number,
): Recommendations {
  const similarityTo = rememberSimilarities(vectors);
  const recommend = (user: number) => {
    const scores = new Float64Array(prior.length);
    for (const { itemId, importance } of interests.get(user)!.slice(0, medoids)) {
      const similarities = similarityTo(Number(itemId));
      for (let item = 0; item < scores.length; item++) scores[item]! += importance * similarities[item]!;
    }
    return bestUnseen(
      scores.map((score, item) => score * prior[item]!),
      seen.get(user)!,
    );
  };
  return new Map([...relevant.keys()].map((user) => [user, recommend(user)]));
}

/** The most popular items that each test user has not seen. */
export function recommendPopular(
  { relevant, seen }: TemporalSplit,
  popularity: Float64Array,
): Recommendations {
  return new Map([...relevant.keys()].map((user) => [user, bestUnseen(popularity, seen.get(user)!)]));
}

/** `cosinesTo` each item, cached, because most medoids are shared by many users (n² floats at most). */
function rememberSimilarities(vectors: ItemVectors): (item: number) => Float32Array {
  const known = new Map<number, Float32Array>();
  return (item) => {
    let similarities = known.get(item);
    if (similarities === undefined) {
      similarities = cosinesTo(item, vectors);
      known.set(item, similarities);
    }
    return similarities;
  };
}

/** Cosines of all items to one, 0 if below 0. Inlined, because an evaluation spends most of its time here. */
function cosinesTo(item: number, { vectors, dim }: ItemVectors): Float32Array {
  const own = row(vectors, item, dim);
  const cosines = new Float32Array(vectors.length / dim);
  for (let other = 0, position = 0; other < cosines.length; other++) {
    let cosine = 0;
    for (let i = 0; i < dim; i++, position++) cosine += own[i]! * vectors[position]!;
    if (cosine > 0) cosines[other] = cosine;
  }
  return cosines;
}

/** The best 20 unseen items of the user, ties by number. */
export function bestUnseen(scores: Float64Array, seen: ReadonlySet<number>): number[] {
  const top = new TopK(LIST);
  for (let item = 0; item < scores.length; item++) if (!seen.has(item)) top.offer(item, scores[item]!);
  const items = new Int32Array(top.size);
  top.drainInto(items, new Float64Array(top.size));
  return [...items];
}
