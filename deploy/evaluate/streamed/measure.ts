import { bestRows } from '#algorithms/bandit/choice.ts';
import { CombinerRows } from '#algorithms/combiner/candidate-rows.ts';
import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import { addLifts } from '#algorithms/combiner/lifts.ts';
import { scoresOf } from '#algorithms/combiner/listwise.ts';
import { CountedTakers } from '#algorithms/combiner/recent-takers.ts';
import { traitsWithRecent } from '#algorithms/combiner/traits.ts';
import { type Basket, dayOf, joined, walkBaskets } from '#algorithms/combiner/walk.ts';
import { bootstrapRatio, type Estimate, sumsByGroup } from '#algorithms/evaluation/bootstrap.ts';
import { ndcg } from '#algorithms/evaluation/metrics.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { runSteps } from '#algorithms/steps.ts';
import { COMBINER, COMBINER_FORMAT } from '#artefacts/combiner.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { combiner } from '../../../services/propose/proposers/combiner.ts';
import { trainCombiner } from '../../../services/retrain/trainers/combiner.ts';
import { startPythonPeer } from '../../bench/peer.ts';
import { readPurchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { RECIPE } from '../../vectors/embeddings.ts';
import { daysOf } from '../options.ts';
import { temporalSplit } from '../pinsage/split.ts';

/** Items that are asked for. */
const ASKED = 10;
/** Days of data time between two retrainings of the combiner; its lists follow each action of the user meanwhile. */
const RETRAINED_EVERY = 7;
/** Event time for which the traits of items hold: the stage computes them again every few seconds. */
const REFRESHED_EVERY_MS = 600_000;
/** Of so many households one is asked for; all are taken in. */
const [ASKED_USERS, OF_USERS] = [2, 5];
/** Tuned inside the training part. */
const ALS = { factors: 64, regularization: 10 };

/** A recommender that is asked for baskets in order. */
interface Streamed {
  /** Called at the first basket of a day with the number of actions before that day. */
  startDay(day: number, actions: number, baskets: readonly Basket[]): Promise<void>;
  rank(basket: Basket): readonly number[];
}

/**
 * Test, then learn: the last 20 % of completejourney's purchases, basket by basket. Before each basket ten items are asked for, which the
 * household has not taken yet, and scored against the new items of the basket; then the basket is taken in. `combiner` ranks by the
 * window as it is at this moment, by the code of the stage, and is retrained every seven days; `daily ALS` is refitted at the start of each day.
 * Two of five households are asked for. `--days` ends the walk after so many days.
 */
export async function measure({ days }: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const most = daysOf(days);
  const purchases = await readPurchases();
  const { trainedShare: trainShare, minimumBuyers } = RECIPE;
  const { train, test, itemIds } = temporalSplit(purchases, { trainShare, minimumBuyers });
  const actions = joined(train, test);
  const groups = groupsOf(itemIds.map((itemId) => purchases.catalogue.get(itemId)?.categories ?? []));
  const random = createRandom('streamed');
  const isAsked = Array.from(purchases.userIds, () => random.integer(OF_USERS) < ASKED_USERS);
  const end = dayOf(train.at.at(-1)!) + most;
  const baskets = [...walkBaskets(actions, train.at.length, { isAsked: (user) => isAsked[user]! })].filter(
    ({ at }) => dayOf(at) < end,
  );
  const context = { actions, itemIds, userCount: purchases.userIds.length };
  const peer = await startPythonPeer('peer:implicit', 'implicit_als.py');
  const methods = new Map<string, Streamed>([
    ['combiner', streamedCombiner(context, groups)],
    ['daily ALS', dailyAls(context, peer)],
  ]);
  const gains = new Map(
    [...methods.keys()].map((name) => [name, { hits: [] as number[], ndcg: [] as number[] }]),
  );
  try {
    for (const [day, own] of Map.groupBy(baskets, ({ at }) => dayOf(at))) {
      const before = lowerBound(actions.at, own[0]!.at, day);
      for (const [name, method] of methods) {
        await method.startDay(day, before, own);
        for (const basket of own) note(gains.get(name)!, basket, method.rank(basket));
      }
    }
  } finally {
    await peer.stop();
  }
  const households = baskets.map(({ user }) => user);
  const rows = [...gains].map(([name, own]) => {
    const { mean: hitRate10, low, high } = byHousehold(households, own.hits, random.fork(name));
    return { name, hitRate10, low, high, ndcg10: mean(own.ndcg) };
  });
  const [learned, als] = ['combiner', 'daily ALS'].map((name) => gains.get(name)!.hits);
  const leads = learned!.map((hit, place) => hit - als![place]!);
  return {
    rows,
    lead: { name: 'combiner − daily ALS, hit rate', ...byHousehold(households, leads, random.fork('lead')) },
    data: { baskets: baskets.length, households: new Set(households).size },
  };
}

/** The mean over baskets, and a 95 % interval by bootstrap over households, whose baskets are alike. */
function byHousehold(households: readonly number[], values: readonly number[], random: Random): Estimate {
  const { sums, counts } = sumsByGroup([values], households);
  return bootstrapRatio(sums, counts, random);
}

interface Context {
  readonly actions: ActionColumns;
  readonly itemIds: readonly string[];
  readonly userCount: number;
}

function streamedCombiner({ actions, itemIds }: Context, groups: ReturnType<typeof groupsOf>): Streamed {
  const { mostLift } = readProposeConfig({}).settingsOf(combiner);
  let trainedOn = Number.NEGATIVE_INFINITY;
  const takers = new CountedTakers(actions, itemIds.length);
  let read = 0;
  let refreshed = Number.NEGATIVE_INFINITY;
  let rank: Streamed['rank'] = () => [];
  return {
    async startDay(day, count) {
      if (day - trainedOn < RETRAINED_EVERY) return;
      trainedOn = day;
      const { tables, leftOut } = trainCombiner({
        actions: cut(actions, count),
        itemCount: itemIds.length,
        groups,
        seed: 1,
      });
      console.error(`  day ${day}: combiner retrained${leftOut === undefined ? '' : `, ${leftOut}`}`);
      const name = { model: COMBINER, generation: String(day), itemIds };
      const model = COMBINER_FORMAT.decode(
        tablesArtefact({ ...name, tables, card: '{}', trainedUpTo: null }),
      );
      const rows = new CombinerRows(model);
      refreshed = Number.NEGATIVE_INFINITY;
      rank = ({ at, window, taken }) => {
        for (; read < actions.at.length && actions.at[read]! < at; read++) takers.take(read);
        if (at >= refreshed + REFRESHED_EVERY_MS) {
          rows.refresh(runSteps(traitsWithRecent(model.traits, (item) => takers.countsOf(item))));
          refreshed = at;
        }
        const isTaken = new Uint8Array(itemIds.length);
        for (const item of taken) isTaken[item] = 1;
        const { items, rows: features } = rows.of(window, isTaken);
        const scores = scoresOf(features, model.weights);
        addLifts({ items, scores }, model.lifts, mostLift);
        return Array.from(bestRows(scores, ASKED), (place) => items[place]!);
      };
    },
    rank: (basket) => rank(basket),
  };
}

function dailyAls(
  { actions, itemIds, userCount }: Context,
  peer: Awaited<ReturnType<typeof startPythonPeer>>,
): Streamed {
  let lists = new Map<number, readonly number[]>();
  return {
    async startDay(_day, count, baskets) {
      const users = [...new Set(baskets.map(({ user }) => user))];
      const answer = await peer.ask<{ lists: number[][] }>({
        ...{ userCount, itemCount: itemIds.length, k: 2 * ASKED, seed: 1, setting: ALS, users },
        user: Array.from(actions.user.subarray(0, count)),
        item: Array.from(actions.item.subarray(0, count)),
      });
      lists = new Map(users.map((user, place) => [user, answer.lists[place]!]));
    },
    // A list of the morning may hold what was taken since.
    rank: ({ user, taken }) => (lists.get(user) ?? []).filter((item) => !taken.has(item)).slice(0, ASKED),
  };
}

function note(gains: { hits: number[]; ndcg: number[] }, { fresh }: Basket, recommended: readonly number[]) {
  gains.hits.push(recommended.some((item) => fresh.has(item)) ? 1 : 0);
  gains.ndcg.push(ndcg({ recommended, relevant: fresh }, ASKED));
}

function cut({ user, context, item, weight, at }: ActionColumns, count: number): ActionColumns {
  return {
    user: user.subarray(0, count),
    context: context.subarray(0, count),
    item: item.subarray(0, count),
    weight: weight.subarray(0, count),
    at: at.subarray(0, count),
  };
}

/** Number of actions before the day; times ascend. */
function lowerBound(at: Float64Array, first: number, day: number): number {
  let count = at.findIndex((time) => time >= first);
  while (count > 0 && dayOf(at[count - 1]!) >= day) count--;
  return count;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
