import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { combineProposals, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { type Author, proposalFor } from './proposals.ts';
import type { ListsForUsers } from './proposers/proposer.ts';
import type { Report } from './report.ts';
import { TimeLimit } from './time-limit.ts';
import { type Asked, WaitingUsers } from './waiting-users.ts';

/** Users in one call of a model. */
const USERS_A_CALL = 32;
/** The first pause before users are retried, and the longest; it doubles with each failure. */
const RETRY_MS = { first: 200, longest: 2_000 };

type Condition = (asked: Asked) => boolean;

/**
 * Hands over the list of a user; undefined for a user who gets none of the model now.
 * @returns resolves when the list is acknowledged
 */
export type Deliver = (asked: Asked, list: ModelProposal | undefined) => Promise<void>;

export interface RunnerOptions {
  readonly model: Author & ListsForUsers;
  /** Whether the process runs no other model for users, so that waiting for this one holds up nobody. */
  readonly isAlone: boolean;
  /** Time limit of a batch beside other models, else of a call, ms. */
  readonly timeoutMs: number;
  /** Most users that wait in memory. */
  readonly waitingUsers: number;
  /** Pauses before users are tried again; default RETRY_MS. */
  readonly retryMs?: { readonly first: number; readonly longest: number };
  /** Publishes the lists of users who had to wait, each as a record of its own. */
  readonly publish: (proposal: Proposal, trace: string | undefined) => Promise<void>;
  readonly report: Report;
  /** Aborted when the stage drains. */
  readonly signal: AbortSignal;
  /** Called with an error that publishing outside of a batch met. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Runs one model for the users of each batch and delivers its lists. While a model fails, the last lists of its users stay.
 *
 * - After an error that may pass (`retryable`) a model alone in its process is waited for: the lag grows and nothing is lost.
 * - Beside other models, and after no result within the time limit, its users wait in memory, each with the newest interests, and
 *   are tried again. The model is back in the pass when none waits any more.
 * - After any other error the users whose interests cause it are singled out and left to their next interests.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #waiting: WaitingUsers;
  #isResting = false;
  #catchingUp: Promise<void> = Promise.resolve();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#waiting = new WaitingUsers(options.waitingUsers);
  }

  get name(): string {
    return this.#options.model.name;
  }

  /**
   * Resolves when the lists of these users are acknowledged, or the users wait.
   * @param deliver is called once for each user, unless the user waits; default: each list is a record of its own
   * @throws TributaryError retryable when the model fails while the stage drains: the batch is read again
   */
  async propose(asked: readonly Asked[], deliver: Deliver = this.#publishAlone): Promise<void> {
    if (this.#isResting) return this.#wait(asked);
    const { isAlone, timeoutMs } = this.#options;
    const limit = isAlone ? undefined : new TimeLimit(timeoutMs);
    const work: Work = { isOwed: everyone, deliver, delivered: [] };
    try {
      for (let from = 0; from < asked.length; from += USERS_A_CALL) {
        const portion = asked.slice(from, from + USERS_A_CALL);
        const failure = await (limit === undefined
          ? this.#insist(portion, work)
          : this.#attempt(portion, { ...work, limit }));
        if (failure !== undefined) {
          this.#wait(asked.slice(from), failure);
          break;
        }
        // Lists are on their way to the log while the next ones are computed.
        if (from + USERS_A_CALL < asked.length) await nextTurn();
      }
    } finally {
      limit?.lift();
      // Lists of a batch that is given back may not arrive while it is handled again.
      await Promise.allSettled(work.delivered);
    }
    await Promise.all(work.delivered);
  }

  /** Drops the waiting entry of an erased user. */
  forget(userId: string): void {
    this.#waiting.forget(userId);
  }

  /** Ends the retries; resolves when nothing more is published. */
  async close(): Promise<void> {
    await this.#catchingUp;
    if (this.#waiting.size === 0) return;
    const { report, model } = this.#options;
    report.warn(model.name, `${this.#waiting.size} users get no list before their next interests`);
  }

  /** Retries until a retryable error has passed. @returns the remaining failure, a time limit */
  async #insist(asked: readonly Asked[], work: Work): Promise<Error | undefined> {
    const { signal, retryMs = RETRY_MS } = this.#options;
    for (let pauseMs = retryMs.first; ; pauseMs = Math.min(2 * pauseMs, retryMs.longest)) {
      const failure = await this.#attemptInTime(asked, work);
      if (failure === undefined || !isRetryable(failure)) return failure;
      if (signal.aborted) throw failure;
      await this.#pause(pauseMs);
    }
  }

  /** Leaves the users to the retries. */
  #wait(asked: readonly Asked[], failure?: Error): void {
    const { signal, report, model } = this.#options;
    if (signal.aborted) throw this.#givenUp(failure);
    let dropped = 0;
    for (const one of asked) dropped += this.#waiting.add(one);
    report.count(model.name, 'dropped', dropped);
    report.waiting(model.name, this.#waiting.size);
    if (this.#isResting) return;
    this.#isResting = true;
    this.#catchingUp = this.#catchUp().catch(this.#options.onFailure);
  }

  /** Retries the waiting users until none is left, and then returns the model to the pass. */
  async #catchUp(): Promise<void> {
    const { signal, report, model, retryMs = RETRY_MS } = this.#options;
    const isOwed = ({ interests }: Asked) => this.#waiting.has(interests.userId);
    let pauseMs = retryMs.first;
    let users = USERS_A_CALL;
    await this.#pause(pauseMs);
    while (this.#waiting.size > 0) {
      if (signal.aborted) return;
      const asked = this.#waiting.first(users);
      const work: Work = { isOwed, deliver: this.#publishAlone, delivered: [] };
      const failure = await this.#attemptInTime(asked, work);
      await Promise.all(work.delivered);
      if (failure === undefined) {
        this.#waiting.settle(asked);
        report.waiting(model.name, this.#waiting.size);
        pauseMs = retryMs.first;
        users = Math.min(2 * users, USERS_A_CALL);
      } else {
        // One user may be the cause: the next attempt takes fewer users, and the others first.
        this.#waiting.postpone(asked);
        users = Math.ceil(users / 2);
        pauseMs = Math.min(2 * pauseMs, retryMs.longest);
        await this.#pause(pauseMs);
      }
    }
    this.#isResting = false;
  }

  async #attemptInTime(asked: readonly Asked[], work: Work): Promise<Error | undefined> {
    const limit = new TimeLimit(this.#options.timeoutMs);
    try {
      return await this.#attempt(asked, { ...work, limit });
    } finally {
      limit.lift();
    }
  }

  /**
   * One call of the model, and more to single out users who make it fail.
   * @returns the error after which the users are to be tried again; undefined when they are not
   */
  async #attempt(asked: readonly Asked[], call: Call): Promise<Error | undefined> {
    const { model, report } = this.#options;
    const { limit, isOwed, deliver, delivered } = call;
    let proposals: ReadonlyArray<ModelProposal | undefined>;
    try {
      proposals = await this.#propose(asked, limit);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(reasonOf(thrown));
      if (!limit.isOver && !isRetryable(error) && asked.length > 1) {
        const middle = Math.ceil(asked.length / 2);
        const failure = await this.#attempt(asked.slice(0, middle), call);
        return failure ?? this.#attempt(asked.slice(middle), call);
      }
      report.count(model.name, limit.isOver ? 'timed_out' : 'failed', asked.length);
      const isFinal = !limit.isOver && !isRetryable(error);
      report.warn(model.name, isFinal ? 'no list for a user' : 'lists are late; retrying', error);
      if (!isFinal) return error;
      await Promise.all(asked.map((one) => deliver(one, undefined)));
      return undefined;
    }
    const owed = proposals.map((proposal, place) => (isOwed(asked[place]!) ? proposal : undefined));
    const sent = Promise.all(asked.map((one, place) => deliver(one, owed[place]))).then(() => {
      const published = owed.filter((proposal) => proposal !== undefined).length;
      report.count(model.name, 'ok', published);
      report.count(model.name, 'skipped', asked.length - published);
    });
    // The caller awaits it.
    sent.catch(() => undefined);
    delivered.push(sent);
    return undefined;
  }

  async #propose(
    asked: readonly Asked[],
    limit: TimeLimit,
  ): Promise<ReadonlyArray<ModelProposal | undefined>> {
    const { model } = this.#options;
    const users = asked.map(({ interests }) => interests);
    const lists = await limit.run((signal) => model.propose(users, signal));
    return asked.map(({ interests, offset, timestamp }) => {
      const list = lists.get(interests.userId);
      return list && proposalFor(interests, list, model, { interestsOffset: offset, interestsAt: timestamp });
    });
  }

  readonly #publishAlone: Deliver = async ({ trace }, list) => {
    if (list !== undefined) await this.#options.publish(combineProposals([list]), trace);
  };

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }

  #givenUp(failure?: Error): Error {
    if (failure !== undefined && isRetryable(failure)) return failure;
    const reason = `${this.#options.model.name} ${failure?.message ?? 'has users waiting'}`;
    return new TributaryError('stage.not-ready', reason, { retryable: true, cause: failure });
  }
}

/** What happens to the lists of the model. */
interface Work {
  /** Is asked before a list is delivered, because a user may have been erased during the call. */
  readonly isOwed: Condition;
  readonly deliver: Deliver;
  /** Takes a promise for the lists of each call: it resolves when they are acknowledged, and rejects as publishing does. */
  readonly delivered: Promise<void>[];
}

/** How one call of the model ends. */
interface Call extends Work {
  readonly limit: TimeLimit;
}

const everyone: Condition = () => true;

function isRetryable(error: Error): boolean {
  return error instanceof TributaryError && error.retryable;
}
