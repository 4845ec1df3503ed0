import { combineProposals } from '#contracts/domain/proposed-lists.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { type Author, proposalForEveryone } from './proposals.ts';
import type { ListForEveryone } from './proposers/proposer.ts';
import type { Report } from './report.ts';
import { TimeLimit } from './time-limit.ts';

export interface ForEveryoneOptions {
  readonly models: ReadonlyArray<Author & ListForEveryone>;
  /** Time limit of a call, ms. */
  readonly timeoutMs: number;
  readonly publish: (proposal: Proposal) => Promise<void>;
  readonly report: Report;
  readonly now: () => number;
}

/**
 * Publishes the lists of the models that propose for everyone, each at its own interval. One of many processes does: the
 * owner of the first partition. A model that fails or is slow is tried again after its interval, while its last list stays.
 */
export class ForEveryone {
  readonly #options: ForEveryoneOptions;
  readonly #timers: NodeJS.Timeout[];
  #ownsFirstPartition = false;

  /** Starts the intervals. */
  constructor(options: ForEveryoneOptions) {
    this.#options = options;
    this.#timers = options.models.map((model) => this.#start(model));
  }

  /** Replaces the partitions of `interests` that this process owns. */
  own(partitions: readonly number[]): void {
    this.#ownsFirstPartition = partitions.includes(0);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #start(model: Author & ListForEveryone): NodeJS.Timeout {
    let isRunning = false;
    const propose = async (): Promise<void> => {
      if (isRunning || !this.#ownsFirstPartition) return;
      isRunning = true;
      await this.#propose(model);
      isRunning = false;
    };
    return setInterval(() => void propose(), model.everyMs);
  }

  async #propose(model: Author & ListForEveryone): Promise<void> {
    const { timeoutMs, publish, report, now } = this.#options;
    const limit = new TimeLimit(timeoutMs);
    try {
      const list = await limit.run((signal) => model.propose(signal));
      // Another process may own the partition by now.
      if (list === undefined || !this.#ownsFirstPartition) return report.count(model.name, 'skipped', 1);
      await publish(combineProposals([proposalForEveryone(list, model, now())]));
      report.count(model.name, 'ok', 1);
    } catch (error) {
      report.count(model.name, limit.isOver ? 'timed_out' : 'failed', 1);
      report.warn(model.name, 'no new list for everyone; the last one stays', error);
    } finally {
      limit.lift();
    }
  }
}
