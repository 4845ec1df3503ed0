import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import type { FollowHandlers } from '#platform/stage.ts';
import { Catalogue } from '#published/catalogue.ts';
import type { Generation } from '#published/generation.ts';
import { OfferedRows } from '#published/offered-rows.ts';
import { PublishedGenerations } from '#published/published-generations.ts';
import { createShard } from '#published/shard.ts';
import type { Takers } from '../takers.ts';
import { type EmbeddedItems, RankedItems, rankItems } from './embedded-items.ts';
import { inTurns } from './turns.ts';

/** Time for which a ranking of the items by popularity is used, ms … */
const RANKED_FOR_MS = 2_000;
/** … and in relation to the time that the ranking took, so that a large catalogue costs at most a fiftieth of the time. */
const RANKED_FOR = 50;

interface Held {
  readonly generation: Generation;
  readonly offered: OfferedRows;
  ranked: RankedItems;
  /** By the clock, ms. */
  rankAgainAt: number;
  /** Whether the next ranking is being made. */
  isRanking: boolean;
}

export interface LiveEmbeddingsOptions {
  readonly popularity: Pick<Takers, 'share'>;
  /** Cosine from which items that look the same are near-duplicates, of which one is proposed. */
  readonly duplicateCosine: number;
  /** A clock in milliseconds. It decides when the ranking by popularity is computed again and where it pauses, and nothing else. */
  readonly now: () => number;
  /** Resolves after other work of the process has had its turn; that of the event loop by default. */
  readonly nextTurn?: () => Promise<void>;
}

/**
 * The embeddings of the log in this process: the items of each generation that may be proposed, by popularity. They are read as the
 * stage `index` reads them, by the same code, so that a proposal contains no item that the index would not find.
 */
export class LiveEmbeddings {
  readonly #options: LiveEmbeddingsOptions;
  readonly #catalogue = new Catalogue();
  readonly #published = new PublishedGenerations(createShard(0, 1));
  readonly #held = new Map<string, Held>();

  constructor(options: LiveEmbeddingsOptions) {
    this.#options = options;
  }

  /** How the topics enter. */
  get handlers(): Required<Pick<FollowHandlers, 'items' | 'embeddings' | 'releases'>> {
    return {
      // Before the vectors, as in the stage index.
      releases: ({ key, value, isLater }) => {
        if (value === null) this.#published.forget(key);
        else this.#declare(value, isLater);
        this.#dropIfGone(key);
      },
      items: ({ key, value }) => {
        const wasKept = this.#catalogue.isKept;
        if (value === null) this.#catalogue.withdraw(key);
        else this.#catalogue.put(value);
        for (const { offered } of this.#held.values()) {
          // The first catalogue entry hides every item that the catalogue does not list, so all rows are checked again.
          if (wasKept) compareItem(offered, key);
          else compareAll(offered);
        }
      },
      embeddings: ({ key, value }) => (value === null ? this.#withdraw(key) : this.#put(value)),
    };
  }

  /** The topics were read to their ends. */
  markCaughtUp(): void {
    this.#published.markCaughtUp();
  }

  /**
   * The items of a generation.
   * @returns undefined if the log no longer holds the generation
   * @throws TributaryError `generation.pending` if its vectors are not all here yet, and `generation.undeclared` if the log does not
   *   name it, or not yet; both `retryable`
   */
  find(id: string): EmbeddedItems | undefined {
    const generation = this.#published.get(id);
    if (generation?.isServable && generation.table !== undefined) return this.#ranked(generation);
    const active = this.#published.active()?.id;
    const isPast = active !== undefined && id < active && !this.#published.isDeclared(id);
    if (isPast || !this.#published.mayCome(id)) return undefined;
    const code = this.#published.isDeclared(id) ? 'generation.pending' : 'generation.undeclared';
    throw new TributaryError(code, `the vectors of ${id} are not here yet`, { retryable: true });
  }

  /**
   * The ranking of the generation. Users never wait for a newer one, but for the first: it is made between their batches, and with it
   * what the models derive.
   */
  #ranked(generation: Generation): EmbeddedItems {
    const held = this.#held.get(generation.id);
    if (held?.generation !== generation) return this.#rankFirst(generation).ranked;
    if (!held.isRanking && this.#options.now() >= held.rankAgainAt) {
      held.isRanking = true;
      // The next call then ranks at once, and throws the error to the model that makes it.
      this.#rankAgain(held).catch(() => this.#held.delete(generation.id));
    }
    return held.ranked;
  }

  #rankFirst(generation: Generation): Held {
    const started = this.#options.now();
    const offered = this.#offer(generation);
    const ranked = rankItems(offered, this.#shareOf);
    const held = { generation, offered, ranked, rankAgainAt: 0, isRanking: false };
    this.#use(held, ranked, this.#options.now() - started);
    this.#held.set(generation.id, held);
    return held;
  }

  async #rankAgain(held: Held): Promise<void> {
    const { now, nextTurn } = this.#options;
    const steps = RankedItems.rank(held.offered, this.#shareOf, held.ranked);
    const { result, ms } = await inTurns(steps, { now, nextTurn });
    this.#use(held, result, ms);
  }

  /** @param tookMs working time of the ranking */
  #use(held: Held, ranked: RankedItems, tookMs: number): void {
    held.ranked = ranked;
    held.rankAgainAt = this.#options.now() + Math.max(RANKED_FOR_MS, RANKED_FOR * tookMs);
    held.isRanking = false;
  }

  readonly #shareOf = (itemId: string): number => this.#options.popularity.share(itemId);

  #offer(generation: Generation): OfferedRows {
    const offered = new OfferedRows(generation, this.#catalogue, this.#options.duplicateCosine);
    compareAll(offered);
    return offered;
  }

  #put(embedding: ItemEmbedding): void {
    this.#note(embedding.generation, this.#published.applyEmbedding(embedding));
  }

  #declare(release: Release, isLater = false): void {
    for (const outcome of this.#published.applyRelease(release, isLater) ?? [])
      this.#note(release.generation, outcome);
  }

  /** Invalid vectors are skipped; the stage index, which reads the same topic, counts and logs them. */
  #note(id: string, outcome: ReturnType<PublishedGenerations['applyEmbedding']>): void {
    if (typeof outcome === 'object') this.#held.get(id)?.offered.compare(outcome.row);
  }

  #withdraw(key: string): void {
    const name = parseEmbeddingKey(key);
    if (name === undefined) return;
    const row = this.#published.withdraw(name.generation, name.itemId);
    this.#dropIfGone(name.generation);
    if (row !== undefined) this.#held.get(name.generation)?.offered.compare(row);
  }

  /** What was ranked and derived of a generation is held no longer than its vectors. */
  #dropIfGone(id: string): void {
    if (this.#published.get(id)?.table === undefined) this.#held.delete(id);
  }
}

function compareAll(offered: OfferedRows): void {
  for (let row = 0; row < offered.table.size; row++) offered.compare(row);
}

function compareItem(offered: OfferedRows, itemId: string): void {
  const row = offered.table.rowOf(itemId);
  if (row !== undefined) offered.compare(row);
}
