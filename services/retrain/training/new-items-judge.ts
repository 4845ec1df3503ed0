import { ndcg } from '#algorithms/evaluation/metrics.ts';
import { clusterWindow } from '#algorithms/pinnersage/interests.ts';
import { type ActionWindow, DEFAULT_WINDOW_LIMITS } from '#algorithms/pinnersage/window.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import { boundedTopK, byFallingFactor } from '#algorithms/retrieval/bounded-scan.ts';
import { reserveRows } from '#algorithms/retrieval/product-kernel.ts';
import { row } from '#algorithms/vectors.ts';

const MS_PER_DAY = 86_400_000;
/** Defaults of the stages that serve: λ of interests, half-life and exponent of the takers of propose, and its least popularity. */
const SERVED = { lambdaPerDay: 0.01, halfLifeDays: 60, exponent: 0.7, leastPopularity: 1e-3 } as const;
/** Users who are judged: with more, a measurement takes longer than an epoch; with fewer the figures are noise. */
const MOST_USERS = 400;
export const LEAST_JUDGED_USERS = 100;
const FIRST = 10;

interface JudgedUser {
  readonly window: ActionWindow;
  /** All items that the user took before. */
  readonly seen: readonly number[];
  /** Items that the user took for the first time in the held-out time. */
  readonly chosen: ReadonlySet<number>;
}

/** Users whose new items in the held-out time are to be found by what is known before it. */
export interface NewItemsTask {
  readonly itemCount: number;
  readonly users: readonly JudgedUser[];
  /** The end of the known time, ms. */
  readonly now: number;
  /** Items by falling prior, and the priors in this order. */
  readonly order: Int32Array;
  readonly priors: Float64Array;
}

/** The task of some held-out actions. @param before the actions before the held-out time */
export function newItemsTask(
  { before, after }: { readonly before: ActionColumns; readonly after: ActionColumns },
  itemCount: number,
  random: Random,
): NewItemsTask {
  const now = before.at.reduce((newest, at) => Math.max(newest, at), 0);
  const past = Map.groupBy(byTime(before), (position) => before.user[position]!);
  const isKnown = new Uint8Array(itemCount);
  for (const item of before.item) isKnown[item] = 1;
  const chosen = new Map<number, Set<number>>();
  after.user.forEach((user, position) => {
    const item = after.item[position]!;
    if (!past.has(user) || isKnown[item] === 0) return;
    chosen.set(user, (chosen.get(user) ?? new Set()).add(item));
  });
  const users: JudgedUser[] = [];
  for (const user of drawn([...chosen.keys()], random)) {
    if (users.length === MOST_USERS) break;
    const positions = past.get(user)!;
    const seen = [...new Set(positions.map((position) => before.item[position]!))];
    const fresh = chosen.get(user)!;
    for (const item of seen) fresh.delete(item);
    const window = windowOf(positions, before, now);
    if (fresh.size > 0 && window.actions.length > 0) users.push({ window, seen, chosen: fresh });
  }
  return { itemCount, users, now, ...priorsOf(before, itemCount, now) };
}

/**
 * NDCG@10 of each user, where items are ranked as the stages serve medoid neighbours: by Σ importance · cosine over the medoids of the
 * window, times recent takers to an exponent, without what the user took.
 * @param embeddings itemCount × dim, centred, rows of length 1 or 0
 * @param alpha cut of the clustering
 */
export function newItemFigures(
  { itemCount, users, now, order, priors }: NewItemsTask,
  embeddings: Float32Array,
  dim: number,
  alpha: number,
): Float64Array {
  const rows = reserveRows(itemCount, dim);
  const placeOf = new Int32Array(itemCount);
  order.forEach((item, place) => {
    placeOf[item] = place;
    rows.matrix.set(row(embeddings, item, dim), place * dim);
  });
  const options = { alpha, lambdaPerDay: SERVED.lambdaPerDay, actionWeights: { take: 1 }, now };
  return Float64Array.from(users, ({ window, seen, chosen }) => {
    const { medoids } = clusterWindow(window, (itemId) => row(embeddings, Number(itemId), dim), options);
    const query = new Float64Array(dim);
    for (const { itemId, importance } of medoids) {
      const vector = row(embeddings, Number(itemId), dim);
      for (let i = 0; i < dim; i++) query[i]! += importance * vector[i]!;
    }
    const excluded = seen.map((item) => placeOf[item]!);
    const { places } = boundedTopK({ rows, factors: priors, query, k: FIRST, excluded });
    return ndcg({ recommended: Array.from(places, (place) => order[place]!), relevant: chosen }, FIRST);
  });
}

/** NDCG@10 of each user, where every user gets the same items but what the user took: those of the most recent takers. */
export function popularityFigures({ users, order }: NewItemsTask): Float64Array {
  return Float64Array.from(users, ({ seen, chosen }) => {
    const isSeen = new Set(seen);
    const recommended: number[] = [];
    for (let place = 0; recommended.length < FIRST && place < order.length; place++)
      if (!isSeen.has(order[place]!)) recommended.push(order[place]!);
    return ndcg({ recommended, relevant: chosen }, FIRST);
  });
}

/** NDCG@10 of each user of lists that a model makes of the items of the window, the newest first, and of the items that are left out. */
export function listFigures(
  { users }: NewItemsTask,
  listOf: (recent: readonly number[], seen: readonly number[], length: number) => ArrayLike<number>,
): Float64Array {
  return Float64Array.from(users, ({ window, seen, chosen }) => {
    const recent = [...new Set(window.actions.toReversed().map(({ itemId }) => Number(itemId)))];
    const recommended = Array.from(listOf(recent, seen, FIRST));
    return ndcg({ recommended, relevant: chosen }, FIRST);
  });
}

function windowOf(positions: readonly number[], { item, at }: ActionColumns, now: number): ActionWindow {
  const { days, maximum } = DEFAULT_WINDOW_LIMITS;
  const kept = positions.slice(-maximum).filter((position) => at[position]! >= now - days * MS_PER_DAY);
  return {
    actions: kept.map((position) => ({
      eventId: String(position),
      itemId: String(item[position]!),
      type: 'take',
      occurredAt: at[position]!,
      weight: 1,
    })),
  };
}

/** Recent takers of each item: a user counts by the age of the last time. */
function priorsOf({ user, item, at }: ActionColumns, itemCount: number, now: number) {
  const lastTimes = new Map<number, number>();
  for (let i = 0; i < item.length; i++) {
    const pair = user[i]! * itemCount + item[i]!;
    lastTimes.set(pair, Math.max(lastTimes.get(pair) ?? 0, at[i]!));
  }
  const takers = new Float64Array(itemCount);
  for (const [pair, last] of lastTimes)
    takers[pair % itemCount]! += 2 ** (-(now - last) / MS_PER_DAY / SERVED.halfLifeDays);
  const highest = takers.reduce((most, one) => Math.max(most, one), 0);
  const { leastPopularity, exponent } = SERVED;
  const prior = takers.map((one) => Math.max(leastPopularity, highest > 0 ? one / highest : 0) ** exponent);
  const order = byFallingFactor(prior);
  return { order, priors: Float64Array.from(order, (place) => prior[place]!) };
}

function byTime({ at }: ActionColumns): Int32Array {
  return Int32Array.from(at.keys()).sort((a, b) => at[a]! - at[b]! || a - b);
}

function drawn(users: number[], random: Random): number[] {
  for (let i = users.length - 1; i > 0; i--) {
    const other = random.integer(i + 1);
    [users[i], users[other]] = [users[other]!, users[i]!];
  }
  return users;
}
