/** The life of a release, from building to rejected or retired, as the topic `releases` records it. */
import type { Release, ReleaseState } from '../generated/records.ts';

/** Reason of a release whose training ended without a result. */
export const INTERRUPTED = 'the retraining was interrupted';

/** The states from which a state follows within one life of a generation; a repeat of the same state always may. */
const PREDECESSORS: Readonly<Record<ReleaseState, readonly ReleaseState[]>> = {
  building: ['building'],
  ready: ['building', 'ready'],
  active: ['ready', 'active'],
  retired: ['ready', 'active', 'retired'],
  rejected: ['building', 'rejected'],
};

/**
 * The life of a generation to which a declaration belongs, named by the `updatedAt` of its first declaration. A life begins with a
 * training, or when a person declares an earlier generation ready or retired. What a process concludes from a declaration names
 * this as `follows`.
 */
export function lifeOf({ follows, updatedAt }: Release): number {
  return follows ?? updatedAt;
}

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

  /**
   * Takes the next message of `releases`. A declaration that follows from one that was replaced meanwhile is stale and changes
   * nothing: a slow process must not undo a rollback, nor complete a training that was given up. A repeat keeps its place in the
   * order.
   * @param release null for a tombstone: the generation is gone for good
   * @returns false for a stale declaration
   */
  declare(generation: string, release: Release | null): boolean {
    const current = this.#byGeneration.get(generation);
    if (release === null) {
      this.#byGeneration.delete(generation);
      this.#forgotten.add(generation);
      return true;
    }
    if (release.follows !== null) {
      if (this.#forgotten.has(generation)) return false;
      // Compaction may have removed the predecessor: then the declaration is the only one, and counts.
      if (current !== undefined && !mayFollow(current, release)) return false;
      // A person who goes back to an older generation retires the newer one first.
      const active = this.active();
      const becomesActive = release.state === 'active' && current?.state !== 'active';
      if (becomesActive && active !== undefined && isOlder(release, active)) return false;
    }
    const isRepeat = release.follows !== null && current?.state === release.state;
    if (!isRepeat) this.#byGeneration.delete(generation);
    this.#forgotten.delete(generation);
    this.#byGeneration.set(generation, release);
    return true;
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

  /**
   * The release that takes over: the newest ready one that can be served and is newer than the active one, whether that can be
   * served already or not.
   */
  successor(canServe: CanServe = anyRelease): Release | undefined {
    const named = [this.active(), this.active(canServe)].filter((release) => release !== undefined);
    return this.#inState('ready')
      .filter((release) => canServe(release) && named.every((active) => isOlder(active, release)))
      .sort(byAge)
      .at(-1);
  }

  /** Releases declared active other than that of `generation`: it retires them when it takes over. */
  supersededBy(generation: string): Release[] {
    return this.#inState('active').filter((release) => release.generation !== generation);
  }

  /**
   * The declaration that a process writes after a stale one of the same generation, because compaction keeps only the last;
   * undefined where none is needed.
   */
  restored(generation: string): Release | undefined {
    const current = this.get(generation);
    // Declared again, an active release would come last in the log and serve.
    if (current === undefined || (current.state === 'active' && current !== this.active())) return undefined;
    return { ...current, follows: lifeOf(current) };
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

  /**
   * Releases left building by a process that ended in mid-training, as rejected.
   * @param isLeft whether no process completes the release; by default none does
   */
  interrupted(now: number, isLeft: (release: Release) => boolean = () => true): Release[] {
    return this.building.filter(isLeft).map((release) => ({
      ...release,
      state: 'rejected',
      updatedAt: now,
      reason: INTERRUPTED,
      follows: lifeOf(release),
    }));
  }

  /** Releases that are being trained, in the order in which their trainings were declared. */
  get building(): readonly Release[] {
    return this.#inState('building');
  }

  /**
   * Whether a reader that does not hold the generation may hold it later, rather than no longer: it is not retired or
   * over, and not older than the active one.
   */
  mayCome(generation: string): boolean {
    if (this.isOver(generation) || this.get(generation)?.state === 'retired') return false;
    const active = this.active();
    return active === undefined || generation >= active.generation;
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

function mayFollow(current: Release, next: Release): boolean {
  return lifeOf(current) === next.follows && PREDECESSORS[next.state].includes(current.state);
}

/** The order of training, the oldest first: generations are named by it. */
export function byAge(a: Release, b: Release): number {
  return isOlder(a, b) ? -1 : 1;
}

function isOlder(a: Release, b: Release): boolean {
  return a.generation < b.generation;
}
