import { type Judgement, judge } from '#algorithms/bandit/ope/estimate.ts';
import { LOOKINGS } from '#algorithms/bandit/ope/judged-slates.ts';
import { nameWinner, refusalOf } from '#algorithms/bandit/ope/winner.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import type { Figures } from '../../figures/figures.ts';
import { judgeFile } from './judge-file.ts';
import { startObpPeer, syntheticLog } from './obp-peer.ts';
import { differenceFromObp } from './reference.ts';
import { expectedBySlate } from './slate-model.ts';
import { createSlateWorld, drawLog, type SlateWorld, trueValues } from './slate-world.ts';
import { createSlotWorld, drawSlotLog, type SlotWorld } from './slot-world.ts';

const REPETITIONS = 200;
/** Slates of the log of one repetition. */
const SLATES = 4_000;
const DRAWS = 400;
/** Share of its logs that may be refused for a policy to count. */
const MOST_REFUSED = 0.1;
const POPULATION = { actions: 10, dim: 5, seed: 1, rounds: 20_000, beta: 0 };

/**
 * Judges policies from logs of other ones where their true value is known: of one action a round (obp's synthetic task) and of slates, under
 * three ways of looking. `maxError` is the largest error of the doubly robust estimate on the log of all repetitions together, `coverage`
 * the smallest number in 100 repetitions whose 95 % interval has the truth, both over the policies of which at most a tenth of the logs is
 * refused; `refused` counts those logs. `obpDifference` is the largest relative difference from the estimates of obp.
 * With `log` the policy of that file is judged instead.
 */
export async function measure({
  log: path,
}: Readonly<Record<string, string | undefined>> = {}): Promise<Figures> {
  return path === undefined ? measureEstimators() : judgeFile(path);
}

async function measureEstimators(): Promise<Figures> {
  const random = createRandom('ope');
  const peer = await startObpPeer();
  try {
    const slots = createSlotWorld(await syntheticLog(peer, POPULATION));
    const slates = createSlateWorld(random.fork('world'));
    const log = drawLog(slates, 'cascade', SLATES, random.fork('reference'));
    const obpDifference = await differenceFromObp(peer, slates, log, 0);
    const slot = repeatSlots(slots, random.fork('slots'));
    const slate = repeatSlates(slates, random.fork('slates'));
    return {
      maxError: Math.max(slot.maxError, slate.maxError),
      coverage: Math.min(slot.coverage, slate.coverage),
      slot,
      slate,
      obpDifference,
      refusal: refusalWithoutSupport(slots, random.fork('support')),
      data: { repetitions: REPETITIONS, slates: SLATES },
    };
  } finally {
    await peer.stop();
  }
}

interface Outcome {
  readonly truth: number;
  readonly judgements: Judgement[];
}

type Summary = { maxError: number; coverage: number; rows: Figures[] };

function repeatSlots(world: SlotWorld, random: Random): Summary {
  const outcomes = new Map<string, Outcome>();
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const own = random.fork(repetition);
    for (const [policy, { log, expected }] of drawSlotLog(world, SLATES, own).entries()) {
      const judgement = judge(log, { looking: 'slot', random: own, expected, draws: DRAWS });
      note(outcomes, world.policies[policy]!, world.values[policy]!, judgement);
    }
  }
  return summarise(outcomes);
}

function repeatSlates(world: SlateWorld, random: Random): Summary {
  const outcomes = new Map<string, Outcome>();
  for (const looking of LOOKINGS) {
    const truths = trueValues(world, looking);
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const own = random.fork(`${looking} ${repetition}`);
      const log = drawLog(world, looking, SLATES, own);
      for (const [policy, name] of world.policies.entries()) {
        const expected = expectedBySlate(world, log, policy);
        const judgement = judge(log.judged[policy]!, { looking, random: own, expected, draws: DRAWS });
        note(outcomes, `${looking}: ${name}`, truths[policy]!, judgement);
      }
    }
    console.error(`  slates, people who look by ${looking}`);
  }
  return summarise(outcomes);
}

function note(outcomes: Map<string, Outcome>, name: string, truth: number, judgement: Judgement): void {
  const outcome = outcomes.get(name) ?? { truth, judgements: [] };
  outcomes.set(name, outcome);
  outcome.judgements.push(judgement);
}

function summarise(outcomes: ReadonlyMap<string, Outcome>): Summary {
  const rows = [...outcomes].map(([policy, { truth, judgements }]) => {
    const robust = judgements.map(({ values }) => values.get('doubly-robust')!);
    const ips = judgements.map(({ values }) => values.get('ips')!.value);
    const mean = meanOf(robust.map(({ value }) => value));
    return {
      policy,
      trueValue: truth,
      dr: mean,
      error: Math.abs(mean - truth),
      coverage: (100 * robust.filter(({ low, high }) => low <= truth && truth <= high).length) / REPETITIONS,
      errorOfOneLog: rootMeanSquare(robust.map(({ value }) => value - truth)),
      errorOfIps: rootMeanSquare(ips.map((value) => value - truth)),
      meanWeight: meanOf(judgements.map(({ meanWeight }) => meanWeight)),
      effectiveSampleSize: meanOf(judgements.map(({ effectiveSampleSize }) => effectiveSampleSize)),
      refused: judgements.filter((judgement) => refusalOf(judgement) !== undefined).length,
      largestWeight: Math.max(...judgements.map(({ largestWeight }) => largestWeight)),
    };
  });
  const known = rows.filter(({ refused }) => refused <= MOST_REFUSED * REPETITIONS);
  return {
    maxError: Math.max(...known.map(({ error }) => error)),
    coverage: Math.min(...known.map(({ coverage }) => coverage)),
    rows,
  };
}

/** The verdict on a policy of which a third of the choices never occur in the log. */
function refusalWithoutSupport(world: SlotWorld, random: Random): string {
  const [{ log, expected } = fail()] = drawSlotLog(world, SLATES, random);
  const missing = log.judged.slot.map((propensity) => propensity * 0.67);
  const judgement = judge(
    { ...log, judged: { slot: missing, given: missing } },
    { looking: 'slot', random, expected, draws: DRAWS },
  );
  const verdict = nameWinner(
    new Map([['a policy that shows what was never logged', judgement]]),
    'doubly-robust',
  );
  return 'refused' in verdict ? verdict.refused : fail();
}

function fail(): never {
  throw new Error('A log without support has a winner');
}

function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(meanOf(values.map((value) => value * value)));
}
