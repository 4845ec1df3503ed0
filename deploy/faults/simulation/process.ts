import type { Random } from '#algorithms/random.ts';
import type { EventOwner, Scheduler } from './scheduler.ts';

/** What may go wrong with one request to the log or to the store. */
export interface RequestFaults {
  /** Probability that a request fails before it is done. */
  readonly before: number;
  /** Probability that a request is done and its answer lost. */
  readonly after: number;
  /** Probability that a client repeats a request that was done, because its answer was lost. */
  readonly twice: number;
}

/** A connection to a server, which handles its requests in the order in which they were sent. */
export interface RequestLane {
  /** When the server handles the last request, ms. */
  lastAt: number;
}

const SMALLEST_MS = 0.001;

export const NO_FAULTS: RequestFaults = { before: 0, after: 0, twice: 0 };

/** A process of the simulation: its requests take a random time, and it can be stopped, killed and given another clock. */
export class SimulatedProcess implements EventOwner {
  readonly name: string;
  isDead = false;
  frozenUntil = 0;
  clockShift = 0;
  faults: RequestFaults = NO_FAULTS;
  /** Called when the stage gives up: it is killed then. */
  onExit: (reason: unknown) => void = () => undefined;
  readonly scheduler: Scheduler;
  readonly #random: Random;

  constructor(name: string, scheduler: Scheduler, random: Random) {
    this.name = name;
    this.scheduler = scheduler;
    this.#random = random;
  }

  /** The process ends with an error, as a stage does after one that it did not expect. */
  fail(error: unknown): void {
    if (this.isDead) return;
    this.isDead = true;
    this.onExit(error);
  }

  /**
   * Sends a request to a server. What the server does, it does also if this process is killed or stopped meanwhile.
   * @throws the error of the work, or that of a lost request
   */
  request<T>(work: () => T, lost: (isDone: boolean) => Error, lane?: RequestLane): Promise<T> {
    const { before, after, twice } = this.faults;
    const chance = this.#random.next();
    return new Promise((resolve, reject) => {
      const answer = (give: () => void): void => void this.scheduler.after(this.latency(), give, this);
      const fail = (isDone: boolean): void => answer(() => reject(lost(isDone)));
      const run = (): void => {
        if (chance < before) {
          fail(false);
          return;
        }
        try {
          const result = work();
          if (chance < before + after) fail(true);
          else if (chance >= before + after + twice) answer(() => resolve(result));
          else this.scheduler.after(this.latency(), () => this.#again(work, resolve, reject), null);
        } catch (error) {
          answer(() => reject(error));
        }
      };
      this.scheduler.after(this.#delayIn(lane), run, null);
    });
  }

  /** A connection keeps the order of its requests. */
  #delayIn(lane: RequestLane | undefined): number {
    const delay = this.latency();
    if (lane === undefined) return delay;
    lane.lastAt = Math.max(this.scheduler.now + delay, lane.lastAt + SMALLEST_MS);
    return lane.lastAt - this.scheduler.now;
  }

  #again<T>(work: () => T, resolve: (result: T) => void, reject: (error: unknown) => void): void {
    try {
      const result = work();
      this.scheduler.after(this.latency(), () => resolve(result), this);
    } catch (error) {
      this.scheduler.after(this.latency(), () => reject(error), this);
    }
  }

  /** Mostly below a millisecond, seldom seconds, ms. */
  latency(): number {
    const chance = this.#random.next();
    if (chance < 0.9) return this.#random.next();
    if (chance < 0.99) return 20 * this.#random.next();
    return 2_000 * this.#random.next();
  }
}
