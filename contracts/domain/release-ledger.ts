/** The life of a release, from building to rejected or retired, as the topic `releases` tells it. */
import type { Release, ReleaseState } from '../generated/records.ts';

/** Reason of a release whose training ended without a result. */
export const INTERRUPTED = 'the retraining was interrupted';

/** Narrows a question to the releases that a reader can serve: one may not hold all vectors yet. */
export type CanServe = (release: Release) => boolean;

const anyRelease: CanServe = () => true;

/**
 * What follows from the declarations in `releases`: which generation is active, which takes over, and which may leave
 * the log. No I/O and no clock: every reader of the same declarations comes to the same answers.
 */
export class ReleaseLedger {
  /** In the order in which the generations were last declared. */
  readonly #byGeneration = new Map<string, Release>();
  /** Generations whose release was tombstoned. */
  readonly #forgotten = new Set<string>();

  /** @param declared in log order */
  constructor(declared: Iterable<Release> = []) {
    for (const release of declared) this.declare(release.generation, release);
  }

  /** Takes the next message of `releases`. @param release null for a tombstone: the generation is gone for good */
  declare(generation: string, release: Release | null): void {
    this.#byGeneration.delete(generation);
    if (release === null) {
      this.#forgotten.add(generation);
    } else {
      this.#forgotten.delete(generation);
      this.#byGeneration.set(generation, release);
    }
  }

  /** The newest release of each generation, in the order in which they were last declared. */
  get declared(): readonly Release[] {
    return [...this.#byGeneration.values()];
  }

  get(generation: string): Release | undefined {
    return this.#byGeneration.get(generation);
  }

  /** The release that was declared active last, of those that can be served; undefined while there is none. */
  active(canServe: CanServe = anyRelease): Release | undefined {
    return this.#inState('active').findLast(canServe);
  }

  /** The release that takes over: the newest ready one that can be served and is newer than the active one. */
  successor(canServe: CanServe = anyRelease): Release | undefined {
    const active = this.active(canServe);
    return this.#inState('ready')
      .filter((release) => canServe(release) && (active === undefined || isOlder(active, release)))
      .sort(byAge)
      .at(-1);
  }

  /** Releases declared active other than that of `generation`: it retires them when it takes over. */
  supersededBy(generation: string): Release[] {
    return this.#inState('active').filter((release) => release.generation !== generation);
  }

  /** The release to roll back to: the newest retired one that is older than the active one. */
  former(): Release | undefined {
    const active = this.active();
    if (active === undefined) return undefined;
    return this.#inState('retired')
      .filter((release) => isOlder(release, active))
      .sort(byAge)
      .at(-1);
  }

  /** Whether the generation was rejected or tombstoned: it never serves, and its vectors may be dropped. */
  isOver(generation: string): boolean {
    return this.#forgotten.has(generation) || this.#byGeneration.get(generation)?.state === 'rejected';
  }

  /** Releases left building by a process that ended in mid-training, as rejected: no process will complete them. */
  interrupted(now: number): Release[] {
    return this.#inState('building').map((release) => ({
      ...release,
      state: 'rejected',
      updatedAt: now,
      reason: INTERRUPTED,
    }));
  }

  /**
   * Generations whose embeddings and weights may leave the log: rejected ones, and past ones beyond the newest `kept`,
   * which stay to roll back to. A ready one that is older than the active one never takes over, so it is past too.
   */
  disposable(kept: number): string[] {
    const active = this.active();
    const overtaken = this.#inState('ready').filter((release) => active && isOlder(release, active));
    const past = [...this.#inState('retired'), ...overtaken].sort(byAge).reverse().slice(kept);
    return [...past, ...this.#inState('rejected')].map(({ generation }) => generation);
  }

  /** When the newest training began, ms; undefined before the first. */
  get newestCreatedAt(): number | undefined {
    const times = this.declared.map(({ createdAt }) => createdAt);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  count(state: ReleaseState): number {
    return this.#inState(state).length;
  }

  #inState(state: ReleaseState): Release[] {
    return this.declared.filter((release) => release.state === state);
  }
}

/** The order of training, the oldest first: generations are named by it. */
export function byAge(a: Release, b: Release): number {
  return isOlder(a, b) ? -1 : 1;
}

function isOlder(a: Release, b: Release): boolean {
  return a.generation < b.generation;
}
