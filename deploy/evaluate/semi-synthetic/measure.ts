import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import { coverageOfEqualArms, type UserOutcome } from '#algorithms/experiments/equal-arms.ts';
import { createRandom } from '#algorithms/random.ts';
import { readRerankConfig } from '../../../services/rerank/config.ts';
import { POLICIES } from '../../../services/rerank/policies/registry.ts';
import type { Figures } from '../../figures/figures.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';
import {
  type Blend,
  bestBlend,
  type Clicking,
  modelsOf,
  orderBy,
  relevanceOf,
  valueOfBlend,
} from './fixed-orders.ts';
import { type Household, type HouseholdSample, readHouseholds } from './households.ts';
import { CLICKS, type JudgedRun, SIZE, SLATES_A_DAY } from './judged-run.ts';
import type { Visit } from './learning-run.ts';
import { expectedClicks, LOOK_MODELS, type LookModel } from './looking.ts';
import { runInThreads } from './runs-in-threads.ts';

const HOUSEHOLDS = 800;
/** Settings are chosen on other households and other seeds than those that are judged. */
const SEEDS: Readonly<Record<HouseholdSample, readonly number[]>> = {
  judged: [1, 2, 3],
  others: [11, 12, 13],
};
const IMPRESSIONS = 20_000;
const AFTER_DRIFT = 5_000;
/** Slates of a policy that learned nothing else than the world after the drift. */
const FRESH = 2 * AFTER_DRIFT;
/** Threads that run policies beside each other: the households are in memory once for each. */
const THREADS = 2;
/** Slates after which it is looked whether the lead is certain. */
const CHECKPOINTS = [1_000, 2_000, 5_000, 10_000, 15_000, 20_000];
/** Policies that are run beside the default one, if the product has them. */
const BESIDE = ['plackett-luce'];
type Row = Figures & { readonly look: LookModel; readonly policy: string; readonly clicks: number };

/**
 * Policies that learn from clicks of households whose later purchases are relevant, under three ways of looking and three seeds. `lead` is the
 * gain over the blend of the models' scores that is best in hindsight, in expected clicks a slate over all slates, `low` and `high` its 95 %
 * interval by bootstrap over seeds and households; `liftOverBestModel` compares with the best single model.
 */
export async function measure({
  look: only,
  sample = 'judged',
  threads = String(THREADS),
}: Readonly<Record<string, string | undefined>> = {}): Promise<Figures> {
  const looks = LOOK_MODELS.filter((look) => only === undefined || look === only);
  if (looks.length === 0)
    throw new SetupError(`There is no way of looking ${only}`, `Choose one of ${LOOK_MODELS.join(', ')}`);
  if (sample !== 'judged' && sample !== 'others')
    throw new SetupError(`There is no sample ${sample}`, 'Choose judged or others');
  if (!/^[1-9]$/.test(threads))
    throw new SetupError(`--threads ${threads} is no whole number from 1 to 9`, 'Choose 1 to 9 threads');
  return judgePolicies(await readHouseholds(HOUSEHOLDS, sample), looks, SEEDS[sample], Number(threads));
}

/** The figures of `measure` for these households. */
async function judgePolicies(
  households: readonly Household[],
  looks: readonly LookModel[],
  seeds: readonly number[],
  threads: number,
): Promise<Figures> {
  const defaultPolicy = readRerankConfig().policy.label.replace(/\(.*/, '');
  const names = POLICIES.map(({ name }) => name).filter(
    (name) => name === defaultPolicy || BESIDE.includes(name),
  );
  const runs = looks.flatMap((look) =>
    names.flatMap((policy) => runsOf(look, policy, policy === defaultPolicy, seeds)),
  );
  const started = performance.now();
  const visits = await runInThreads(households, runs, {
    threads,
    onDone: ({ look, policy, seed }, done) =>
      console.error(
        `  ${done} of ${runs.length} runs after ${minutesSince(started)} min: ${look}, ${policy}, seed ${seed}`,
      ),
  });
  const rows: Row[] = [];
  const drift: Figures[] = [];
  const aa: Figures[] = [];
  for (const look of looks) {
    const clicking = { ...CLICKS, look };
    const fixed = fixedRows(households, clicking);
    rows.push(...fixed.rows);
    for (const policy of names) {
      const own = visits.filter((_, index) => runs[index]!.look === look && runs[index]!.policy === policy);
      const whole = own.slice(0, seeds.length);
      const fresh = own.slice(seeds.length);
      const served = whole.map((run) => run.slice(0, IMPRESSIONS));
      const row = learnedRow(served, households, clicking, fixed);
      rows.push({ look, policy, ...row });
      if (fresh.length === 0) continue;
      aa.push({ look, ...coverageOfEqualArms(outcomesOf(served[0]!, households)) });
      drift.push({ look, ...driftRecovery(whole, fresh) });
    }
  }
  return {
    rows,
    drift,
    driftRecovery: Math.min(...drift.map(({ recovered }) => Number(recovered))),
    aa,
    data: {
      households: households.length,
      impressions: IMPRESSIONS,
      seeds: seeds.length,
      slatesADay: SLATES_A_DAY,
      ...CLICKS,
    },
  };
}

/** The runs of all seeds, then, where the drift is judged, those that begin after it. */
function runsOf(
  look: LookModel,
  policy: string,
  isDriftJudged: boolean,
  seeds: readonly number[],
): JudgedRun[] {
  const after = isDriftJudged ? AFTER_DRIFT : 0;
  return [
    ...seeds.map((seed) => ({ look, policy, seed, impressions: IMPRESSIONS + after, driftAt: IMPRESSIONS })),
    ...(isDriftJudged ? seeds.map((seed) => ({ look, policy, seed, impressions: FRESH, driftAt: 0 })) : []),
  ];
}

function minutesSince(started: number): string {
  return ((performance.now() - started) / 60_000).toFixed(1);
}

function outcomesOf(visits: readonly Visit[], households: readonly Household[]): UserOutcome[] {
  const slates = new Float64Array(households.length);
  const rewards = new Float64Array(households.length);
  for (const { household, clicks } of visits) {
    slates[household]!++;
    rewards[household]! += clicks;
  }
  return households.map(({ userId }, i) => ({ userId, slates: slates[i]!, rewards: rewards[i]! }));
}

interface FixedRows {
  readonly rows: Row[];
  readonly blend: Blend;
  readonly bestModel: number;
}

function fixedRows(households: readonly Household[], clicking: Clicking): FixedRows {
  const value = (blend: Blend) => valueOfBlend(households, blend, SIZE, clicking);
  const models = [...new Set(households.flatMap(({ candidates }) => modelsOf(candidates.features)))];
  const single = models.map((model) => ({ model, clicks: value(new Map([[model, 1]])) }));
  const blend = bestBlend(value, models);
  const weights = [...blend].map(([model, weight]) => `${model} ${weight}`).join(', ');
  const possible = households.map((household) => {
    const { candidates, bought } = household;
    const itemIds = candidates.candidates.map(({ itemId }) => itemId);
    const order = itemIds.sort((a, b) => Number(bought.has(b)) - Number(bought.has(a)));
    return expectedClicks(relevanceOf(household, order.slice(0, SIZE), clicking), clicking.look);
  });
  const { look } = clicking;
  const rows = [
    ...single.map(({ model, clicks }) => ({ look, policy: `model ${model}`, clicks })),
    { look, policy: 'all models alike', clicks: value(new Map(models.map((model) => [model, 1]))) },
    { look, policy: 'best fixed blend', clicks: value(blend), weights },
    { look, policy: 'best possible', clicks: mean(possible) },
  ];
  return { rows, blend, bestModel: Math.max(...single.map(({ clicks }) => clicks)) };
}

function learnedRow(
  runs: readonly Visit[][],
  households: readonly Household[],
  clicking: Clicking,
  { blend, bestModel }: FixedRows,
) {
  const ofBlend = households.map((household) =>
    expectedClicks(
      relevanceOf(household, orderBy(household.candidates, blend, SIZE), clicking),
      clicking.look,
    ),
  );
  const leadAt = (count: number) => leadOver(runs, ofBlend, count);
  const { mean: lead, low, high } = leadAt(IMPRESSIONS);
  const certain = CHECKPOINTS.find((count) => leadAt(count).low > 0);
  const clicks = mean(runs.flat().map(({ expected }) => expected));
  const last = mean(runs.flatMap((run) => run.slice(-IMPRESSIONS / 4)).map(({ expected }) => expected));
  return {
    clicks,
    lead,
    low,
    high,
    liftOverBestModel: clicks / bestModel - 1,
    clicksOfLastQuarter: last,
    impressionsToLead: certain ?? -1,
  };
}

/** The mean lead a slate of the first slates, with an interval over seeds and households. */
function leadOver(runs: readonly Visit[][], ofBlend: readonly number[], count: number) {
  const table = runs.map((run) => {
    const sums = new Float64Array(ofBlend.length);
    for (const { household, expected } of run.slice(0, count))
      sums[household]! += expected - ofBlend[household]!;
    return sums.map((sum) => (sum * ofBlend.length) / count);
  });
  return bootstrapMean(table, createRandom('lead'), { draws: 400 });
}

/**
 * The list of one model turns random after a first stretch. `recovered` is the part of the loss, the clicks at once after the drift below
 * those of a policy that learned nothing else than the world after it, that is won back in the last fifth of the slates that follow.
 */
function driftRecovery(runs: readonly Visit[][], fresh: readonly Visit[][]): Figures {
  const rows = runs.map((run, index) => {
    const part = (from: number, to?: number) => mean(run.slice(from, to).map(({ expected }) => expected));
    return {
      before: part(IMPRESSIONS - AFTER_DRIFT, IMPRESSIONS),
      atOnce: part(IMPRESSIONS, IMPRESSIONS + AFTER_DRIFT / 10),
      end: part(-AFTER_DRIFT / 5),
      attainable: mean(fresh[index]!.slice(-AFTER_DRIFT).map(({ expected }) => expected)),
    };
  });
  const of = (key: 'before' | 'atOnce' | 'end' | 'attainable') => mean(rows.map((row) => row[key]));
  const [before, atOnce, end, attainable] = [of('before'), of('atOnce'), of('end'), of('attainable')];
  return { before, atOnce, end, attainable, recovered: (end - atOnce) / (attainable - atOnce) };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
