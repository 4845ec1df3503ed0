/** Writes under way at once: while the store works on some, the next ones are encoded. */
const UNDER_WAY = 3;
/** Users after which the progress is printed. */
const REPORTED = 100_000;

/** Writes of many users in order, a few at a time, with their progress on standard error. */
export class Pipeline {
  readonly #name: string;
  readonly #total: number;
  readonly #began = performance.now();
  #underWay: Promise<unknown>[] = [];
  #done = 0;

  /** @param total users that will be added */
  constructor(name: string, total: number) {
    this.#name = name;
    this.#total = total;
  }

  /** Resolves when the next writes may be added. @throws what a write before threw */
  async add(writes: readonly Promise<unknown>[], users: number): Promise<void> {
    const all = Promise.all(writes);
    // Its failure is thrown when it is awaited, which may be later.
    all.catch(() => undefined);
    this.#underWay.push(all);
    while (this.#underWay.length >= UNDER_WAY) await this.#underWay.shift();
    const before = Math.floor(this.#done / REPORTED);
    this.#done += users;
    if (Math.floor(this.#done / REPORTED) > before && this.#total > REPORTED) this.#report();
  }

  /** Resolves when all is written. */
  async end(): Promise<void> {
    while (this.#underWay.length > 0) await this.#underWay.shift();
  }

  #report(): void {
    const seconds = Math.round((performance.now() - this.#began) / 1_000);
    console.error(`  ${this.#name} of ${this.#done} of ${this.#total} users after ${seconds} s`);
  }
}
