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

const isWhole = (number: number): boolean => Number.isInteger(number) && number >= 1;
