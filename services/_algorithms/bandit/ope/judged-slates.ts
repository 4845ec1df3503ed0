/** Probabilities of the logged slates under one policy: slates × slots, row-major. */
export interface Propensities {
  /** Probability that the item stands in its slot, whatever stands above. */
  readonly slot: Float64Array;
  /** Probability that the item stands in its slot, given the items above. */
  readonly given: Float64Array;
}

/**
 * A log of slates, and the probabilities by which another policy would have shown them. A slate with fewer slots than the others is
 * filled up with propensities of 1 under both policies and rewards of 0.
 */
export interface JudgedSlates {
  /** Number of the user of each slate. Slates of one user are not independent, so they are resampled together. */
  readonly users: Int32Array;
  /** Slots of each slate, at least 1. */
  readonly slots: number;
  /** slates × slots, row-major. */
  readonly rewards: Float64Array;
  /** By the policy that logged, in (0, 1]. */
  readonly logged: Propensities;
  /** By the policy that is judged, in [0, 1]. */
  readonly judged: Propensities;
}

/** The rewards that a model expects, for the doubly robust estimates: slates × slots, row-major. */
export interface ExpectedRewards {
  /** Of the item that was shown. */
  readonly shown: Float64Array;
  /** Mean over the items of the slot, by the judged policy's probabilities of the slot. */
  readonly slot: Float64Array;
  /** Mean over the items of the slot, by the judged policy's probabilities given the logged items above. */
  readonly given: Float64Array;
}

/**
 * What the user's act on a slot depends on, which decides how a slate is weighed: on its own item (`slot`), on that and the items
 * above (`cascade`), or on all items (`slate`). The assumption must hold for the estimate to be unbiased; `slate` always does.
 */
export type Looking = 'slot' | 'cascade' | 'slate';

export const LOOKINGS: readonly Looking[] = ['slot', 'cascade', 'slate'];

/** Throws RangeError that names the field if lengths differ or a number is out of its range. */
export function checkJudgedSlates(log: JudgedSlates): void {
  const { users, slots, rewards, logged, judged } = log;
  if (!Number.isSafeInteger(slots) || slots < 1) throw new RangeError(`slots: ${slots} is not at least 1`);
  if (users.length === 0) throw new RangeError('users: a log without slates has no value');
  const size = users.length * slots;
  checkNumbers('rewards', rewards, size, Number.isFinite, 'a finite number');
  const isProbability = (value: number) => value >= 0 && value <= 1 + ROUNDING;
  for (const name of ['slot', 'given'] as const) {
    checkNumbers(`judged.${name}`, judged[name], size, isProbability, 'in [0, 1]');
    const isPositive = (value: number) => value > 0 && isProbability(value);
    checkNumbers(`logged.${name}`, logged[name], size, isPositive, 'in (0, 1]');
  }
}

/** Throws RangeError that names the field if lengths differ or a number is not finite. */
export function checkExpectedRewards(expected: ExpectedRewards, log: JudgedSlates): void {
  for (const name of ['shown', 'slot', 'given'] as const)
    checkNumbers(`expected.${name}`, expected[name], log.rewards.length, Number.isFinite, 'a finite number');
}

const ROUNDING = 1e-9;

function checkNumbers(
  name: string,
  values: Float64Array,
  length: number,
  isValid: (value: number) => boolean,
  range: string,
): void {
  if (values.length !== length) throw new RangeError(`${name}: ${values.length} numbers, not ${length}`);
  const at = values.findIndex((value) => !isValid(value));
  if (at >= 0) throw new RangeError(`${name}[${at}]: ${values[at]} is not ${range}`);
}
