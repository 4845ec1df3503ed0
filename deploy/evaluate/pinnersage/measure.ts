import { sampleByImportance } from '#algorithms/pinnersage/sample.ts';
import type { WindowAction } from '#algorithms/pinnersage/window.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { readPurchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { completejourneyEmbeddings, type PinSageEmbeddings } from '../../vectors/embeddings.ts';
import { Impressions } from './impressions.ts';
import { PAPER } from './paper.ts';
import { rankTaken } from './ranking.ts';
import { Retrieval } from './retrieval.ts';
import { createStrategies, type Strategy } from './strategies.ts';
import { Tally } from './tally.ts';
import { actionsByUser, type UserDay, walkDays } from './walk.ts';

const USERS = 800;
const CANDIDATES = 400;
const SEED = 'pinnersage';
/** Items shown per item taken, as in the paper. */
const IMPRESSIONS_PER_ACTION = 20;

/** Results of one strategy. */
interface Score {
  readonly name: string;
  readonly relevant: Tally;
  readonly hits: Tally;
  /** The same of items that the user takes for the first time. */
  readonly newRelevant: Tally;
  readonly newHits: Tally;
  readonly rPrecision: Tally;
  readonly reciprocalRank: Tally;
}

/**
 * PinnerSage's comparison (KDD 2020, Tables 3 and 4) on completejourney: a sample of households is followed day by
 * day through the last fifth of the year, and at the start of each day every strategy represents them. The vectors
 * were trained on earlier data.
 *
 * `relevance` is the share of the day's purchases with a cosine of at least 0.8 to one of at most 400 candidates,
 * `recall` the share that are candidates; lifts are in % over the last item, and `errors` are their standard errors.
 * `newItems` has the same of the purchases of items that the household never bought before. `ranking` is Table 4, with equally popular items in place of impressions, which this data does not have. `paper`
 * contains the paper's figures.
 */
export async function measure(): Promise<Figures> {
  const purchases = await readPurchases();
  const embeddings = await completejourneyEmbeddings(purchases);
  const { alpha, trainedUntil } = embeddings;
  const vectors = toTable(embeddings);
  const strategies = createStrategies(vectors, alpha);
  const scorer = createScorer(vectors, new Impressions(purchases, vectors, trainedUntil));
  const random = createRandom(SEED);
  const histories = sampleUsers(
    actionsByUser(purchases, (itemId) => vectors.rowOf(itemId) !== undefined),
    trainedUntil,
    random.fork('users'),
  );
  const scores = strategies.map(({ name }) => emptyScore(name, histories.length));

  let [days, actions, newActions] = [0, 0, 0];
  histories.forEach((history, user) => {
    for (const day of walkDays(history, trainedUntil)) {
      days++;
      actions += day.later.length;
      newActions += day.isNew.filter(Boolean).length;
      // One random source per day for all strategies, so that they do not differ by chance.
      const dayRandom = random.fork(`${history[0]!.eventId}/${day.now}`);
      strategies.forEach((strategy, i) => {
        scorer(strategy, day, dayRandom, user, scores[i]!);
      });
    }
    if ((user + 1) % 200 === 0) console.error(`  ${user + 1} of ${histories.length} users`);
  });
  const counts = { days, actions, newActions };
  const data = { users: histories.length, ...counts, items: vectors.size, alpha, candidates: CANDIDATES };
  return { ...tables(scores, counts), paper: PAPER, data };
}

function createScorer(vectors: VectorTable, impressions: Impressions) {
  const retrieval = new Retrieval(vectors, CANDIDATES);
  return ({ represent }: Strategy, day: UserDay, random: Random, user: number, score: Score): void => {
    const embeddings = represent(day.window, day.now, random.fork('strategy'));
    const rows = day.later.map(({ itemId }) => vectors.rowOf(itemId)!);
    const { isRelevant, isHit } = retrieval.score(embeddings, rows);
    score.relevant.add(user, isRelevant.filter(Boolean).length);
    score.hits.add(user, isHit.filter(Boolean).length);
    score.newRelevant.add(user, isRelevant.filter((one, place) => one && day.isNew[place]).length);
    score.newHits.add(user, isHit.filter((one, place) => one && day.isNew[place]).length);
    const taken = [...new Set(rows)];
    const others = impressions.draw(IMPRESSIONS_PER_ACTION * taken.length, taken, random.fork('impressions'));
    const { rPrecision, reciprocalRank } = rankTaken(embeddings, taken, others, vectors);
    score.rPrecision.add(user, rPrecision);
    score.reciprocalRank.add(user, reciprocalRank);
  };
}

function emptyScore(name: string, users: number): Score {
  return {
    name,
    relevant: new Tally(users),
    hits: new Tally(users),
    newRelevant: new Tally(users),
    newHits: new Tally(users),
    rPrecision: new Tally(users),
    reciprocalRank: new Tally(users),
  };
}

function toTable({ itemIds, vectors, dim }: PinSageEmbeddings): VectorTable {
  const table = new VectorTable(dim, itemIds.length);
  itemIds.forEach((itemId, row) => {
    table.set(itemId, vectors.subarray(row * dim, (row + 1) * dim));
  });
  return table;
}

/** Users with days to follow, each with equal probability. */
function sampleUsers(histories: readonly WindowAction[][], from: number, random: Random): WindowAction[][] {
  const active = histories.filter((actions) => (actions.at(-1)?.occurredAt ?? 0) > from);
  return sampleByImportance(Array(active.length).fill(1), USERS, random).map((index) => active[index]!);
}

interface Counts {
  readonly days: number;
  readonly actions: number;
  readonly newActions: number;
}

/** The first score is that of the last item. */
function tables(scores: readonly Score[], { days, actions, newActions }: Counts): Figures {
  const base = scores[0]!;
  const retrieved = (
    name: string,
    own: readonly [Tally, Tally],
    of: readonly [Tally, Tally],
    count: number,
  ) => ({
    name,
    relevance: own[0].total / count,
    recall: own[1].total / count,
    liftRelevance: own[0].liftOver(of[0]),
    liftRecall: own[1].liftOver(of[1]),
  });
  return {
    rows: scores.map(({ name, relevant, hits }) =>
      retrieved(name, [relevant, hits], [base.relevant, base.hits], actions),
    ),
    newItems: scores.map(({ name, newRelevant, newHits }) => ({
      ...retrieved(name, [newRelevant, newHits], [base.newRelevant, base.newHits], newActions),
      liftRelevanceError: newRelevant.liftError(base.newRelevant),
      liftRecallError: newHits.liftError(base.newHits),
    })),
    ranking: scores.map(({ name, rPrecision, reciprocalRank }) => ({
      name,
      rPrecision: rPrecision.total / days,
      reciprocalRank: reciprocalRank.total / days,
      liftRPrecision: rPrecision.liftOver(base.rPrecision),
      liftReciprocalRank: reciprocalRank.liftOver(base.reciprocalRank),
    })),
    errors: scores.map(({ name, relevant, hits, rPrecision, reciprocalRank }) => ({
      name,
      liftRelevance: relevant.liftError(base.relevant),
      liftRecall: hits.liftError(base.hits),
      liftRPrecision: rPrecision.liftError(base.rPrecision),
      liftReciprocalRank: reciprocalRank.liftError(base.reciprocalRank),
    })),
  };
}
