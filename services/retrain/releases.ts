import type { Release, ReleaseState } from '#contracts/generated/records.ts';

/** Why a release is rejected whose training ended without an answer. */
export const INTERRUPTED = 'the retraining was interrupted';

/** What the topic `releases` tells, in the order in which the generations were last declared. */
export class Releases {
  readonly #byGeneration = new Map<string, Release>();

  /** @param release null for a tombstone */
  take(generation: string, release: Release | null): void {
    this.#byGeneration.delete(generation);
    if (release !== null) this.#byGeneration.set(generation, release);
  }

  /** The one declared active last; undefined while none is. */
  get active(): Release | undefined {
    return this.#inState('active').at(-1);
  }

  /** When the newest training began, ms; undefined before the first. */
  get newestCreatedAt(): number | undefined {
    const times = [...this.#byGeneration.values()].map(({ createdAt }) => createdAt);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  count(state: ReleaseState): number {
    return this.#inState(state).length;
  }

  /** What a process that ended in mid-training left behind, as rejected: nobody will complete it. */
  interrupted(now: number): Release[] {
    return this.#inState('building').map((release) => ({
      ...release,
      state: 'rejected',
      updatedAt: now,
      reason: INTERRUPTED,
    }));
  }

  /**
   * Generations whose embeddings and weights may leave the log: rejected ones, and those that serve no more, beyond
   * the newest `kept`, which stay to roll back to. A ready one that a newer one overtook serves no more either.
   */
  disposable(kept: number): string[] {
    const active = this.active?.generation;
    const overtaken = this.#inState('ready').filter(
      ({ generation }) => active !== undefined && generation < active,
    );
    const past = [...this.#inState('retired'), ...overtaken].map(({ generation }) => generation);
    const rejected = this.#inState('rejected').map(({ generation }) => generation);
    return [...past.sort().reverse().slice(kept), ...rejected];
  }

  #inState(state: ReleaseState): Release[] {
    return [...this.#byGeneration.values()].filter((release) => release.state === state);
  }
}
