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
  /** α of the clustering that goes with them. */
  readonly alpha: number;
}

export interface WindowOptions {
  readonly days: number;
  /** Latest actions that are clustered. */
  readonly maximum: number;
  readonly lambdaPerDay: number;
}

/** The interests of each test user at the end of `train`, by importance; an item's id is its number. */
export function interestsOf(
  { train, relevant }: TemporalSplit,
  { vectors, dim, alpha }: ItemVectors,
  { days, maximum, lambdaPerDay }: WindowOptions,
): ReadonlyMap<number, readonly Interest[]> {
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

/** Items recommended to a user. */
const LIST = 20;

/**
 * What each test user's `medoids` most important medoids recommend: the sum of importance · cosine (where above 0), times
 * `prior`. So does the propose stage with what its index finds near the medoids it sampled; here every unseen item
 * is a candidate of every medoid.
 *
 * @param prior ≥ 0, by item
 */
export function recommendByMedoids(
  { relevant, seen }: TemporalSplit,
  interests: ReadonlyMap<number, readonly Interest[]>,
  { vectors, dim }: ItemVectors,
  prior: Float64Array,
  medoids: number,
): Recommendations {
  const recommend = (user: number) => {
    const scores = new Float64Array(prior.length);
    for (const { itemId, importance } of interests.get(user)!.slice(0, medoids)) {
      addSimilarities(scores, row(vectors, Number(itemId), dim), vectors, importance);
    }
    return bestUnseen(
      scores.map((score, item) => score * prior[item]!),
      seen.get(user)!,
    );
  };
  return new Map([...relevant.keys()].map((user) => [user, recommend(user)]));
}

/** The most popular of the items that each test user has not seen. */
export function recommendPopular(
  { relevant, seen }: TemporalSplit,
  popularity: Float64Array,
): Recommendations {
  return new Map([...relevant.keys()].map((user) => [user, bestUnseen(popularity, seen.get(user)!)]));
}

/** Written out, because it is where an evaluation spends its time. */
function addSimilarities(
  scores: Float64Array,
  medoid: Float32Array,
  vectors: Float32Array,
  weight: number,
): void {
  for (let item = 0, position = 0; item < scores.length; item++) {
    let cosine = 0;
    for (let i = 0; i < medoid.length; i++, position++) cosine += medoid[i]! * vectors[position]!;
    if (cosine > 0) scores[item]! += weight * cosine;
  }
}

function bestUnseen(scores: Float64Array, seen: ReadonlySet<number>): number[] {
  const top = new TopK(LIST);
  for (let item = 0; item < scores.length; item++) if (!seen.has(item)) top.offer(item, scores[item]!);
  const items = new Int32Array(top.size);
  top.drainInto(items, new Float64Array(top.size));
  return [...items];
}
