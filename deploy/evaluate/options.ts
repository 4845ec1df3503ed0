import { COMBINER_HORIZONS, type CombinerHorizon } from '../../services/retrain/trainers/combiner-choices.ts';
import { SetupError } from '../local/parts/setup-error.mjs';

/** Trainings of an evaluation with an interval over seeds. */
const SEEDS = 3;
const MOST_SEEDS = 9;

/**
 * The seeds of the trainings, from 1.
 * @param count the option `--seeds`; three seeds without it
 * @throws SetupError if it is no whole number from 1 to 9
 */
export function seedsOf(count: string | undefined): number[] {
  const most = count === undefined ? SEEDS : Number(count);
  if (isWhole(most) && most <= MOST_SEEDS) return Array.from({ length: most }, (_, seed) => seed + 1);
  throw new SetupError(
    `--seeds ${count} is no whole number from 1 to ${MOST_SEEDS}`,
    'Name a number of seeds: --seeds 3',
  );
}

/**
 * The days that an evaluation walks over.
 * @param days the option `--days`; all days without it
 * @throws SetupError if it is no whole number above 0
 */
export function daysOf(days: string | undefined): number {
  if (days === undefined) return Number.POSITIVE_INFINITY;
  if (isWhole(Number(days))) return Number(days);
  throw new SetupError(`--days ${days} is no whole number above 0`, 'Name a number of days: --days 21');
}

/**
 * What the combiner foresees: the next context of a user, as by default in the product, or what a user takes in the months to come.
 * @param horizon the option `--horizon`; `lasting` without it, because the evaluation judges lists by the months that follow
 * @throws SetupError if it is neither
 */
export function horizonOf(horizon: string | undefined): CombinerHorizon {
  if (horizon === undefined) return 'lasting';
  const known = COMBINER_HORIZONS.find((one) => one === horizon);
  if (known !== undefined) return known;
  throw new SetupError(
    `--horizon ${horizon} is none of ${COMBINER_HORIZONS.join(', ')}`,
    'Name one of them: --horizon next',
  );
}

const isWhole = (number: number): boolean => Number.isInteger(number) && number >= 1;
