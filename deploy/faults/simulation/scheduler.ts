import type { Random } from '#algorithms/random.ts';

/** A process of the simulation, to which events and timers belong. */
export interface EventOwner {
  /** Its events are dropped: all that was in its memory is lost. */
  readonly isDead: boolean;
  /** Its events wait until then, as if the process were stopped, ms. */
  readonly frozenUntil: number;
  /** Milliseconds by which its clock is ahead of the true one. */
  readonly clockShift: number;
  /** Ends it with an error. */
  fail(error: unknown): void;
}

interface Event {
  at: number;
  /** Decides between events of one time. */
  readonly order: number;
  readonly owner: EventOwner | null;
  readonly run: () => void;
  isCancelled: boolean;
}

export type Cancel = () => void;

/** Taken before virtual time replaces it. */
const nextMacrotask = setImmediate;

/**
 * Runs events in the order of a virtual clock. All asynchrony of a simulation goes through it: after each event, everything
 * that follows without waiting runs to its end, and belongs to the owner of the event. So a seed determines a run.
 */
export class Scheduler {
  /** The true time, ms since the epoch. */
  now: number;
  /** The process whose code is running; null for the world around the processes. */
  current: EventOwner | null = null;
  /** Events that have run. */
  count = 0;
  readonly #random: Random;
  readonly #queue: Event[] = [];

  constructor(start: number, random: Random) {
    this.now = start;
    this.#random = random;
  }

  /** The clock of the process that is running, ms since the epoch. */
  get clock(): number {
    return this.now + (this.current?.clockShift ?? 0);
  }

  /** Runs something after so many milliseconds. */
  after(ms: number, run: () => void, owner: EventOwner | null = this.current): Cancel {
    const event = {
      at: this.now + Math.max(0, ms),
      order: this.#random.next(),
      owner,
      run,
      isCancelled: false,
    };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  wait(ms: number, owner: EventOwner | null = this.current): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve, owner));
  }

  /** Runs all events up to the time. @throws Error after too many events, which go round in a circle */
  async runUntil(time: number, most = 200_000): Promise<void> {
    const limit = this.count + most;
    for (let next = this.#queue[0]; next !== undefined && next.at <= time; next = this.#queue[0]) {
      this.#pop();
      if (next.isCancelled || next.owner?.isDead) continue;
      if (next.owner !== null && next.owner.frozenUntil > next.at) {
        next.at = next.owner.frozenUntil;
        this.#push(next);
        continue;
      }
      if (++this.count > limit)
        throw new Error(`more than ${most} events until ${time - this.now} ms from now`);
      this.now = next.at;
      this.current = next.owner;
      next.run();
      await new Promise<void>((resolve) => nextMacrotask(resolve));
      this.current = null;
    }
    this.now = Math.max(this.now, time);
  }

  #push(event: Event): void {
    const queue = this.#queue;
    let at = queue.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, queue[parent]!)) break;
      queue[at] = queue[parent]!;
      at = parent;
    }
    queue[at] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    if (queue.length === 0) return;
    let at = 0;
    for (let child = 1; child < queue.length; child = 2 * at + 1) {
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child += 1;
      if (!isBefore(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
