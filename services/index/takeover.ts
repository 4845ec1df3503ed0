import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Release } from '#contracts/generated/records.ts';
import type { Generation } from './generation.ts';
import type { Generations } from './generations.ts';
import type { ServedGeneration } from './graph-builder.ts';
import type { HeldGenerations } from './held-generations.ts';
import type { IndexMetrics } from './metrics.ts';
import type { Shard } from './shard.ts';

export interface TakeoverOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  readonly shard: Shard;
  /** Recall at 10 below which a generation does not take over, 0 to 1. */
  readonly recallMinimum: number;
  /** Declares a release; resolves when it is in the log. */
  readonly publish: (release: Release) => Promise<void>;
  /** Names of other shards that do not hold the generation yet; those that do not answer are among them. */
  readonly lacking: (generation: string) => Promise<readonly string[]>;
  readonly onFailure: (error: unknown) => void;
}

interface Aim {
  readonly generation: Generation;
  /** Whether it is to serve, or only to be held until the log declares it active. */
  readonly toServe: boolean;
}

const ASK_AGAIN_MS = 200;

/**
 * Brings what is held to what the log asks for: builds the next generation, lets it serve and declares it.
 *
 * The first shard, which may be the only one, decides: it lets a `ready` generation serve once every other shard holds
 * it, and then declares it active. The others hold it until they read that. So whatever a shard serves by default, all
 * others answer for it when it is named.
 */
export class Takeover {
  readonly #generations: Generations;
  readonly #held: HeldGenerations;
  readonly #build: (generation: Generation) => Promise<ServedGeneration>;
  readonly #options: TakeoverOptions;
  #advancing: Promise<void> | undefined;
  /** The release that was declared active last: until it comes back through the log, the log still calls it ready. */
  #declared: Release | undefined;
  #closed = false;

  constructor(
    generations: Generations,
    held: HeldGenerations,
    build: (generation: Generation) => Promise<ServedGeneration>,
    options: TakeoverOptions,
  ) {
    this.#generations = generations;
    this.#held = held;
    this.#build = build;
    this.#options = options;
  }

  /** Starts what the state asks for, unless it is under way; it looks again at its end. */
  advance(): void {
    if (this.#advancing !== undefined || this.#aim() === undefined) return;
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

  /** What is to be done next; undefined when nothing is. */
  #aim(): Aim | undefined {
    if (this.#closed) return undefined;
    const served = this.#held.served?.generation;
    const active = this.#generations.active();
    const wanted = this.#generations.wanted();
    if (wanted === undefined) return undefined;
    const { place, count } = this.#options.shard;
    // While the other shards are waited for, what was active answers.
    const isRestarted = count > 1 && served === undefined && active !== undefined;
    const toServe = place > 0 || isRestarted ? active : wanted;
    if (toServe !== undefined && (toServe !== served || (place === 0 && this.#isUndeclared(toServe))))
      return { generation: toServe, toServe: true };
    return this.#held.find(wanted.id) === undefined ? { generation: wanted, toServe: false } : undefined;
  }

  /** What serves may be made ready again by hand, before a flip away from it; the others follow what is active. */
  #isUndeclared({ release }: Generation): boolean {
    return release?.state === 'ready' && release !== this.#declared;
  }

  async #pursue(): Promise<void> {
    for (let aim = this.#aim(); aim !== undefined; aim = this.#aim()) {
      const { generation, toServe } = aim;
      const next = this.#held.find(generation.id) ?? (await this.#build(generation));
      // Building took a while: what was aimed at may have been rejected or superseded.
      if (this.#aim()?.generation !== generation || !this.#mayTakeOver(next)) {
        this.#held.setBuilding(undefined);
        continue;
      }
      this.#held.hold(next);
      if (toServe) await this.#serve(next, aim);
    }
  }

  async #serve(next: ServedGeneration, aim: Aim): Promise<void> {
    if (next !== this.#held.served) {
      if (this.#isAskedFor(aim) && !(await this.#othersHold(aim))) return;
      this.#held.flip(next);
    }
    if (this.#options.shard.place === 0) await this.#declare(next);
  }

  /**
   * A generation below the minimum recall is refused, unless the log declares it active: then the other stages have
   * flipped to it, and answering it less well is better than not at all.
   */
  #mayTakeOver({ generation, quality }: ServedGeneration): boolean {
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

  /** Whether the other shards must hold it first: unless the log has already told everyone to serve it. */
  #isAskedFor({ generation }: Aim): boolean {
    return this.#options.shard.count > 1 && generation.release?.state !== 'active';
  }

  /** Waits until they do. @returns false when another aim has come up instead */
  async #othersHold(aim: Aim): Promise<boolean> {
    const { log, lacking } = this.#options;
    const { id } = aim.generation;
    let waitingFor = '';
    while (this.#aim()?.generation === aim.generation) {
      const names = await lacking(id);
      if (names.length === 0) return this.#aim()?.generation === aim.generation;
      if (names.join() !== waitingFor)
        log.info({ generation: id, lacking: names }, 'waiting for other shards');
      waitingFor = names.join();
      await delay(ASK_AGAIN_MS, undefined, { ref: false });
    }
    return false;
  }

  /** Writing it twice is harmless, so that any number of replicas may do it. */
  async #declare({ generation: { id, release }, quality }: ServedGeneration): Promise<void> {
    const { publish } = this.#options;
    const updatedAt = Date.now();
    if (release?.state === 'ready') {
      this.#declared = release;
      const { recallAt10: indexRecallAt10, efSearch: indexEfSearch } = quality;
      const metrics = { ...release.metrics, indexRecallAt10, indexEfSearch };
      await publish({ ...release, state: 'active', updatedAt, metrics, reason: null });
    }
    for (const earlier of this.#generations.supersededBy(id)) {
      await publish({ ...earlier, state: 'retired', updatedAt, reason: `superseded by ${id}` });
    }
  }
}
