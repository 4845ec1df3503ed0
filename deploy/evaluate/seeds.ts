import { SetupError } from '../local/parts/setup-error.mjs';

/** Trainings of an evaluation with an interval over seeds. */
const SEEDS = 3;

/**
 * The seeds of the trainings, from 1.
 * @param count the option `--seeds`; three seeds without it
 * @throws SetupError if it is no whole number from 1 to 9
 */
export function seedsOf(count: string | undefined): number[] {
  const most = count === undefined ? SEEDS : Number(count);
  if (!Number.isInteger(most) || most < 1 || most > 9)
    throw new SetupError(
      `--seeds ${count} is no whole number from 1 to 9`,
      'Name a number of seeds: --seeds 3',
    );
  return Array.from({ length: most }, (_, seed) => seed + 1);
}
