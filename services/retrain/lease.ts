import { lifeOf, type ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { Release } from '#contracts/generated/records.ts';

export interface LeaseOptions {
  readonly releases: ReleaseLedger;
  /** Time without a declaration after which a training counts as left, ms. */
  readonly leaseMs: number;
  /** A clock that only moves forward, ms: the clocks of two machines are never compared. */
  readonly elapsed: () => number;
}

/**
 * The lease of a training, in the log: a process that trains declares its release `building` again and again, and holds the lease as
 * long as it does. Of two trainings that begin at once, the one that is declared first in the log has it. A training that is no
 * longer declared is left: any process may then reject it, and what its own process writes afterwards is stale
 * (`ReleaseLedger.declare`).
 */
export class TrainingLease {
  readonly #options: LeaseOptions;
  /** When the last declaration of each training was read. */
  readonly #heard = new Map<string, number>();
  #own: string | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Notes that a declaration of the generation was read. */
  hear(generation: string): void {
    if (this.#options.releases.get(generation)?.state === 'building')
      this.#heard.set(generation, this.#options.elapsed());
    else this.#heard.delete(generation);
  }

  /** This process trains the generation, until it trains the next one. */
  own(generation: string): void {
    this.#own = generation;
  }

  /** The training of a different process that has the lease; undefined where a training may begin. */
  holder(): string | undefined {
    return this.#options.releases.building.find((release) => this.#isLive(release))?.generation;
  }

  /**
   * Whether the training of this process has the lease.
   * @returns undefined before its declaration was read; false if a different one came first, or this one was given up
   */
  isHeldBy(generation: string): boolean | undefined {
    const { releases } = this.#options;
    if (releases.isOver(generation)) return false;
    if (releases.get(generation) === undefined) return undefined;
    const first = releases.building.find(
      (release) => release.generation === generation || this.#isLive(release),
    );
    return first?.generation === generation;
  }

  /** Whether a release was left by a process that ended or no longer answers. */
  readonly isLeft = (release: Release): boolean => release.generation !== this.#own && !this.#isLive(release);

  /** The declaration by which a training keeps the lease. */
  static beat(release: Release, now: number): Release {
    return { ...release, updatedAt: now, follows: lifeOf(release) };
  }

  #isLive({ generation }: Release): boolean {
    const heard = this.#heard.get(generation);
    return (
      generation !== this.#own &&
      heard !== undefined &&
      this.#options.elapsed() - heard < this.#options.leaseMs
    );
  }
}
