import { combineProposals, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import type { Asked } from './waiting-users.ts';

/** Time for which the lists of a user wait for the other models, ms; a slate should not wait for one slow model. */
const PATIENCE_MS = 50;

/** The lists of one user until they are published. */
interface Joined {
  readonly asked: Asked;
  readonly lists: Map<string, ModelProposal>;
  /** Models that may still deliver. */
  readonly missing: Set<string>;
  readonly published: PromiseWithResolvers<void>;
}

/**
 * Joins the lists that the models of one pass deliver for a user into one record. A model that does not deliver in time
 * is not waited for any more in this pass: its lists are records of their own.
 */
export class JoinedLists {
  readonly #models: readonly string[];
  readonly #publish: (record: Proposal, trace: string | undefined) => Promise<void>;
  readonly #patienceMs: number;
  readonly #users = new Map<string, Joined>();
  /** Models that are waited for. */
  readonly #awaited: Set<string>;
  #timer: NodeJS.Timeout | undefined;

  /** @param models names, in the order of the lists of a record */
  constructor(
    models: readonly string[],
    publish: (record: Proposal, trace: string | undefined) => Promise<void>,
    patienceMs = PATIENCE_MS,
  ) {
    this.#models = models;
    this.#publish = publish;
    this.#patienceMs = patienceMs;
    this.#awaited = new Set(models);
  }

  /** Adds the list of a model, or none. @returns resolves when the list is acknowledged */
  async deliver(model: string, asked: Asked, list: ModelProposal | undefined): Promise<void> {
    if (!this.#awaited.has(model)) {
      if (list !== undefined) await this.#publish(combineProposals([list]), asked.trace);
      return;
    }
    const joined = this.#joinedOf(asked);
    if (list !== undefined) joined.lists.set(model, list);
    joined.missing.delete(model);
    if (joined.missing.size === 0) this.#send(joined);
    else this.#timer ??= setTimeout(() => this.#endPatience(), this.#patienceMs);
    if (list !== undefined) await joined.published.promise;
  }

  /** Waits for the model no more, because it has ended or failed. */
  leave(model: string): void {
    if (!this.#awaited.delete(model)) return;
    for (const joined of this.#users.values())
      if (joined.missing.delete(model) && joined.missing.size === 0) this.#send(joined);
  }

  #endPatience(): void {
    this.#timer = undefined;
    const late = new Set([...this.#users.values()].flatMap(({ missing }) => [...missing]));
    for (const model of late) this.leave(model);
  }

  #joinedOf(asked: Asked): Joined {
    const { userId } = asked.interests;
    let joined = this.#users.get(userId);
    if (joined === undefined) {
      const missing = new Set(this.#awaited);
      joined = { asked, lists: new Map(), missing, published: Promise.withResolvers() };
      this.#users.set(userId, joined);
    }
    return joined;
  }

  #send({ asked, lists, published }: Joined): void {
    this.#users.delete(asked.interests.userId);
    if (this.#users.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const ordered = this.#models.flatMap((model) => lists.get(model) ?? []);
    if (ordered.length === 0) return;
    this.#publish(combineProposals(ordered), asked.trace).then(published.resolve, published.reject);
  }
}
