import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import type { Random } from '#algorithms/random.ts';
import { COMBINER } from '#artefacts/combiner.ts';
import type { ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { createModels } from '../../../services/propose/models.ts';
import { gainsByUser, type Recommendations, scoreRecommendations } from '../pinsage/scores.ts';
import type { TemporalSplit } from '../pinsage/split.ts';
import type { LogEnd } from '../served/log-end.ts';
import { proposalsFor } from '../served/proposals.ts';
import { AS_SERVED, listsOf, type ServedLists } from './serve-all.ts';

/** Values of TRIBUTARY_COMBINER_LIFT, the first one without lifts. */
const LIFTS = [0, 0.25, 0.5, 0.75, 1];
const NAMES = ['all', AS_SERVED];

export type CurveRow = {
  readonly name: string;
  /** TRIBUTARY_COMBINER_LIFT. */
  readonly lift: number;
  readonly ndcg10: number;
  readonly recall20: number;
  readonly coverage10: number;
  /** Lead in NDCG@10 over the same list without lifts, user by user, as a share of it, with its 95 % interval. */
  readonly lead: number;
  readonly low: number;
  readonly high: number;
};

/** What the lifts of under-served items cost and what they bring. Nothing else than the list of the combiner is computed again. */
export async function liftCurve(
  log: LogEnd,
  split: TemporalSplit,
  served: ServedLists,
  random: Random,
): Promise<CurveRow[]> {
  const rows: CurveRow[] = [];
  const without = new Map<string, Float64Array>();
  for (const lift of LIFTS) {
    const lists = listsOf(await withLift(served, lift), log, split, NAMES);
    for (const [name, recommended] of lists) {
      const gains = gainsByUser(split, recommended);
      const bar = without.get(name) ?? gains;
      without.set(name, bar);
      rows.push(rowOfCurve({ name, lift, split, recommended, gains, bar }, random.fork(`${name} ${lift}`)));
    }
  }
  return rows;
}

/** The same lists with another setting of the combiner. */
async function withLift(
  { records, resources, proposals }: ServedLists,
  lift: number,
): Promise<Pick<ServedLists, 'records' | 'proposals'>> {
  const environment = { TRIBUTARY_PROPOSERS: COMBINER, TRIBUTARY_COMBINER_LIFT: String(lift) };
  const models = createModels(readProposeConfig(environment), resources);
  const lifted = await proposalsFor(models, [...records.values()]);
  const replaced = [...proposals].map(([userId, own]): [string, ModelProposal[]] => [
    userId,
    own.map((list) => (list.model === COMBINER ? (lifted.get(userId)?.[0] ?? list) : list)),
  ]);
  return { records, proposals: new Map(replaced) };
}

function rowOfCurve(
  measured: {
    readonly name: string;
    readonly lift: number;
    readonly split: TemporalSplit;
    readonly recommended: Recommendations;
    readonly gains: Float64Array;
    readonly bar: Float64Array;
  },
  random: Random,
): CurveRow {
  const { name, lift, split, recommended, gains, bar } = measured;
  const { ndcg10, recall20, coverage10 } = scoreRecommendations(split, recommended);
  const mean = bar.reduce((sum, one) => sum + one, 0) / bar.length;
  const leads = gains.map((gain, user) => (gain - bar[user]!) / mean);
  const { mean: lead, low, high } = bootstrapMean([leads], random);
  return { name, lift, ndcg10, recall20, coverage10, lead, low, high };
}
