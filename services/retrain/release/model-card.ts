import type { TrainingActions } from '../log-state/action-log.ts';
import { PINSAGE } from '../log-state/pinsage-model.ts';
import type { History } from '../retention.ts';
import type { HardNegativesUse } from '../training/prepare.ts';
import type { StepSeconds } from '../training/stopwatch.ts';
import type { TrainResult } from '../training/train.ts';
import type { TrainConfig } from '../training/train-config.ts';

/** The figures of a release; those of the content alone are its lower bound. */
export function releaseMetrics({
  metrics: { learned, contentOnly, warmStart, newItems, hardNegatives, seconds },
}: TrainResult): Record<string, number> {
  return {
    hitRateAt10: learned.hitRateAt10,
    hitRateAt100: learned.hitRateAt100,
    meanReciprocalRank: learned.meanReciprocalRank,
    ndcg: learned.ndcg,
    contentNdcg: contentOnly.ndcg,
    contentHitRateAt10: contentOnly.hitRateAt10,
    contentHitRateAt100: contentOnly.hitRateAt100,
    ...(warmStart && { warmStartNdcg: warmStart.ndcg, warmStartHitRateAt100: warmStart.hitRateAt100 }),
    heldOutPairs: learned.pairs,
    ...(newItems && { newItemNdcg10: newItems.learned, newItemUsers: newItems.users }),
    ...(newItems?.warmStart && {
      warmStartNewItemNdcg10: newItems.warmStart.ndcg10,
      newItemGainLow: newItems.warmStart.gain.low,
      newItemGainHigh: newItems.warmStart.gain.high,
    }),
    ...(hardNegatives.share !== null && { hardNegativesShare: hardNegatives.share }),
    trainingSeconds: seconds,
  };
}

export interface Circumstances {
  readonly config: TrainConfig;
  readonly codeVersion: string;
  /** Generation whose weights the training started from; null if it started from scratch. */
  readonly startedFrom: string | null;
  readonly steps: StepSeconds;
  readonly history: History;
}

/**
 * Facts about a model beside its figures, as JSON: data range (event times, ms), days asked for and kept by the log, sizes, seed and curriculum, α sweep,
 * whether there were hard negatives, or why not, with the share of queries that reach enough of them, and their band, version of the code, initial generation, seconds by step; of each companion its figures, or the reason for which it was left out.
 */
export function modelCard(
  { metrics, weights, alpha, companions = [], behaviourFacts, behaviourLeftOut }: TrainResult,
  { columns, itemIds }: TrainingActions,
  { config, codeVersion, startedFrom, steps, history }: Circumstances,
): string {
  const card: Card = {
    model: PINSAGE,
    codeVersion,
    data: {
      from: columns.at.reduce((least, at) => Math.min(least, at), Infinity),
      to: columns.at.reduce((most, at) => Math.max(most, at), 0),
      actions: columns.at.length,
      items: itemIds.length,
    },
    history,
    shape: weights.shape,
    config,
    startedFrom,
    lossByEpoch: metrics.lossByEpoch,
    hardNegatives: metrics.hardNegatives,
    hardBand: metrics.hardBand ?? null,
    pairs: metrics.pairs,
    examples: metrics.examples,
    steps,
    alphaSweep: alpha.table,
    behaviour: { ...behaviourFacts, leftOut: behaviourLeftOut ?? null },
    companions: Object.fromEntries(
      companions.map(({ model, facts, leftOut = null, seconds, mib }) => [
        model,
        { ...facts, leftOut, seconds, mib },
      ]),
    ),
  };
  return JSON.stringify(card);
}

/** The facts of a card that `missingParts` reads, beside others. */
interface Card {
  readonly hardNegatives?: HardNegativesUse;
  readonly behaviour?: LeftOut;
  readonly companions?: Readonly<Record<string, LeftOut>>;
  readonly [fact: string]: unknown;
}

interface LeftOut {
  readonly leftOut: string | null;
}

/** The parts that a generation goes without, by name, with the reason: hard negatives, behaviour, companions. @param modelCard as `modelCard` writes it, or the card of a release without figures */
export function missingParts(modelCard: string): Record<string, string> {
  const { hardNegatives, behaviour, companions = {} } = JSON.parse(modelCard) as Card;
  const models = Object.entries({ ...(behaviour && { behaviour }), ...companions });
  const reasons: [string, string | null][] = models.map(([model, { leftOut }]) => [model, leftOut]);
  reasons.unshift(['hard negatives', hardNegatives?.reason ?? null]);
  return Object.fromEntries(reasons.filter((one): one is [string, string] => one[1] !== null));
}
