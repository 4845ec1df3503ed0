/** Sums per user, from which the error of a ratio of totals is estimated: a user's days are not independent draws. */
export class Tally {
  readonly #byUser: Float64Array;

  constructor(users: number) {
    this.#byUser = new Float64Array(users);
  }

  add(user: number, amount: number): void {
    this.#byUser[user]! += amount;
  }

  get total(): number {
    return this.#byUser.reduce((sum, amount) => sum + amount, 0);
  }

  /** By how much the total exceeds that of `base`, in %. */
  liftOver(base: Tally): number {
    return lift(this.total, base.total);
  }

  /** Standard error of the lift over `base`, in percentage points: the jackknife over users. */
  liftError(base: Tally): number {
    const users = this.#byUser.length;
    const [total, baseTotal] = [this.total, base.total];
    const lifts = this.#byUser.map((amount, user) => lift(total - amount, baseTotal - base.#byUser[user]!));
    const mean = lifts.reduce((sum, each) => sum + each, 0) / users;
    const squares = lifts.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    return Math.sqrt(((users - 1) / users) * squares);
  }
}

function lift(value: number, base: number): number {
  return (value / base - 1) * 100;
}
