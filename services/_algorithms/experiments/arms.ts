import { hashString } from '../random.ts';

/** One way to choose slates in an experiment. */
export interface Arm {
  readonly name: string;
  /** Share of the users, relative to the other arms; positive. */
  readonly share: number;
}

/**
 * The arm of a user: a function of the name of the experiment and the user id alone, so that every process and every report gives the same.
 * Two experiments divide the users independently.
 * @returns the index in `arms`, which is not empty
 */
export function armOf(experiment: string, arms: readonly Arm[], userId: string): number {
  const total = arms.reduce((sum, { share }) => sum + share, 0);
  // Two hashes, because one of 32 bits is correlated between names that differ in a few bits.
  const bits = hashString(`${experiment}/${userId}`, hashString(experiment, 1));
  let left = ((bits + 0.5) / 2 ** 32) * total;
  for (const [index, { share }] of arms.entries()) {
    left -= share;
    if (left < 0) return index;
  }
  return arms.length - 1;
}
