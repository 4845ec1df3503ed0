import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { lifeOf } from '#contracts/domain/release-ledger.ts';
import type { Release } from '#contracts/generated/records.ts';
import type { Generation } from '#published/generation.ts';
import type { PublishedGenerations } from '#published/published-generations.ts';
import type { Shard } from '#published/shard.ts';
import type { GraphBuilder, SearchableGeneration } from '../graph/graph-builder.ts';
import type { IndexMetrics } from '../metrics.ts';
import type { HeldGenerations } from './held-generations.ts';

export interface TakeoverOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  readonly shard: Shard;
  /** Recall at 10 below which a generation does not take over, 0 to 1. */
  readonly recallMinimum: number;
  /** Declares a release; resolves when it is in the log. */
  readonly publish: (release: Release) => Promise<void>;
  /** Names of the other shards that do not hold the generation yet or do not answer. */
  readonly lacking: (generation: string) => Promise<readonly string[]>;
  readonly onFailure: (error: unknown) => void;
}

interface Step {
  readonly generation: Generation;
  /** Whether the generation is to serve, or only to be held until the log declares it active. */
  readonly toServe: boolean;
}

const ASK_AGAIN_MS = 200;

/**
 * Brings the held generations to the state that the log requires: builds the next one, lets it serve and declares it.
 *
 * The first shard, which may be the only one, decides: it lets a `ready` generation serve once every other shard holds
 * it, and then declares it active. The other shards hold it until they read that it is active. So all shards hold every
 * generation that one of them serves.
 */
export class Takeover {
  readonly #published: PublishedGenerations;
  readonly #builder: GraphBuilder;
  readonly #held: HeldGenerations;
  readonly #options: TakeoverOptions;
  #advancing: Promise<void> | undefined;
  /** The release that was declared active last: until it comes back through the log, the log still calls it ready. */
  #declared: Release | undefined;
  /** Releases that were declared retired; the log may still call them active. */
  readonly #retired = new WeakSet<Release>();
  #closed = false;

  constructor(
    published: PublishedGenerations,
    builder: GraphBuilder,
    held: HeldGenerations,
    options: TakeoverOptions,
  ) {
    this.#published = published;
    this.#builder = builder;
    this.#held = held;
    this.#options = options;
  }

  /** Starts the steps that the log requires. While steps are under way, the log is checked again after each of them. */
  advance(): void {
    if (this.#advancing !== undefined || this.#nextStep() === undefined) return;
    this.#advancing = this.#pursue()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#advancing = undefined;
      });
  }

  /** Builds and declares nothing more. */
  close(): void {
    this.#closed = true;
  }

  /** Returns the step that the log and the held generations require; undefined when nothing is left to do. */
  #nextStep(): Step | undefined {
    if (this.#closed) return undefined;
    const served = this.#held.served?.generation;
    const active = this.#published.active();
    const wanted = this.#published.wanted();
    if (wanted === undefined) return undefined;
    const { place, count } = this.#options.shard;
    // After a restart the active generation answers while the other shards build the next one.
    const isRestarted = count > 1 && served === undefined && active !== undefined;
    const toServe = place > 0 || isRestarted ? active : wanted;
    const isDeclared = place > 0 || toServe === undefined || !this.#mustDeclare(toServe);
    if (toServe !== undefined && (toServe !== served || !isDeclared))
      return { generation: toServe, toServe: true };
    return this.#held.find(wanted.id) === undefined ? { generation: wanted, toServe: false } : undefined;
  }

  #mustDeclare({ release }: Generation): boolean {
    return (
      release !== undefined && (this.#isUndeclared(release) || this.#unretiredBefore(release).length > 0)
    );
  }

  /** The served generation can be made ready again by hand, before a flip away from it: then it is declared again. */
  #isUndeclared(release: Release): boolean {
    return release.state === 'ready' && release !== this.#declared;
  }

  /**
   * The releases that the log should no longer call active. They are retired only once the log names the next one active: the
   * declaration of this process may be stale by then, and without it nothing would be active.
   */
  #unretiredBefore({ generation }: Release): Release[] {
    if (!this.#published.isNamed(generation)) return [];
    return this.#published.supersededBy(generation).filter((earlier) => !this.#retired.has(earlier));
  }

  async #pursue(): Promise<void> {
    for (let step = this.#nextStep(); step !== undefined; step = this.#nextStep()) {
      const { generation, toServe } = step;
      const next = this.#held.find(generation.id) ?? (await this.#build(generation));
      // The generation may have been rejected or superseded during the build.
      const isKept = next === this.#held.served || this.#mayTakeOver(next);
      if (this.#nextStep()?.generation !== generation || !isKept) {
        this.#held.setUnderWay(undefined);
        continue;
      }
      this.#held.hold(next);
      if (toServe) await this.#serve(next, step);
    }
  }

  #build(generation: Generation): Promise<SearchableGeneration> {
    return this.#builder.build(generation, {
      keepSnapshotOf: this.#held.served?.generation.id,
      onBegin: (refined) => this.#held.setUnderWay(refined),
    });
  }

  /**
   * A generation below the minimum recall is not served, unless the log declares it active: then the other stages have
   * flipped to it, and answers of low recall are better than none.
   */
  #mayTakeOver({ generation, quality }: SearchableGeneration): boolean {
    const { log, metrics, recallMinimum } = this.#options;
    if (quality.recallAt10 >= recallMinimum) return true;
    const isActive = generation.release?.state === 'active';
    const outcome = isActive ? 'serves, because it is declared active' : 'does not take over';
    log.error({ generation: generation.id, ...quality, recallMinimum }, `recall is too low: ${outcome}`);
    if (!isActive) {
      generation.refuse();
      metrics.refusedGenerations.inc();
    }
    return isActive;
  }

  async #serve(next: SearchableGeneration, step: Step): Promise<void> {
    if (next !== this.#held.served) {
      if (this.#waitsForOthers(step) && !(await this.#othersHold(step))) return;
      this.#held.flip(next);
    }
    if (this.#options.shard.place === 0) await this.#declare(next);
  }

  /** Whether the other shards must hold the generation first: not if it is active in the log already, so that all shards serve it. */
  #waitsForOthers({ generation }: Step): boolean {
    return this.#options.shard.count > 1 && generation.release?.state !== 'active';
  }

  /** Waits until the other shards hold the generation. @returns false when the next step is a different one by then */
  async #othersHold({ generation }: Step): Promise<boolean> {
    const { log, lacking } = this.#options;
    const { id } = generation;
    let waitingFor = '';
    while (this.#nextStep()?.generation === generation) {
      const names = await lacking(id);
      if (names.length === 0) return this.#nextStep()?.generation === generation;
      if (names.join() !== waitingFor)
        log.info({ generation: id, lacking: names }, 'waiting for other shards');
      waitingFor = names.join();
      await delay(ASK_AGAIN_MS, undefined, { ref: false });
    }
    return false;
  }

  /** Declares the generation active, and those before it retired. A repeat is harmless, so every replica may do it. */
  async #declare({ generation: { release }, quality }: SearchableGeneration): Promise<void> {
    if (release === undefined) return;
    const { publish } = this.#options;
    const updatedAt = Date.now();
    if (this.#isUndeclared(release)) {
      this.#declared = release;
      const { recallAt10: indexRecallAt10, efSearch: indexEfSearch } = quality;
      const metrics = { ...release.metrics, indexRecallAt10, indexEfSearch };
      const follows = lifeOf(release);
      await publish({ ...release, state: 'active', updatedAt, metrics, reason: null, follows });
    }
    for (const earlier of this.#unretiredBefore(release)) {
      this.#retired.add(earlier);
      const reason = `superseded by ${release.generation}`;
      await publish({ ...earlier, state: 'retired', updatedAt, reason, follows: lifeOf(earlier) });
    }
  }
}
