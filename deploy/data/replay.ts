import type { DatasetAction } from './dataset.ts';

/** Clock and timer, which a test replaces. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface ReplayOptions {
  /** Actions a second. */
  readonly rate: number;
  readonly clock: Clock;
  /** Accepts an action without waiting for its acknowledgement. */
  readonly emit: (action: DatasetAction) => void;
  /** Ends the replay before the last action. */
  readonly signal?: AbortSignal;
}

export interface ReplayReport {
  /** The requested rate. */
  readonly rate: number;
  readonly emitted: number;
  readonly seconds: number;
  /** Actions a second, from the first to the end of the slot of the last. */
  readonly achievedRate: number;
  /** Longest delay of an action after its due time, in milliseconds. */
  readonly latestMs: number;
  /** Users who acted in a second of the replay, in the mean over all seconds. */
  readonly usersPerSecond: number;
}

const TICK_MS = 10;

/**
 * Emits actions in the given order at a constant rate, stamped with the present time. The loop is open: action i is
 * due i/rate seconds after the start, whatever happened to earlier actions, and after a pause all overdue actions are
 * sent at once.
 */
export async function replay(
  actions: AsyncIterable<DatasetAction>,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { rate, clock, emit, signal } = options;
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new RangeError(`The rate must be a positive number, not ${rate}`);
  const start = clock.now();
  let emitted = 0;
  let latestMs = 0;
  const users = new UsersBySecond(start);
  for await (const action of actions) {
    const due = start + (emitted / rate) * 1000;
    while (clock.now() < due && !signal?.aborted) await clock.sleep(TICK_MS);
    if (signal?.aborted) break;
    const now = clock.now();
    latestMs = Math.max(latestMs, now - due);
    emit({ ...action, occurredAt: now });
    users.add(action.userId, now);
    emitted += 1;
  }
  while (clock.now() < start + (emitted / rate) * 1000 && !signal?.aborted) await clock.sleep(TICK_MS);
  const seconds = (clock.now() - start) / 1000;
  const achievedRate = seconds > 0 ? emitted / seconds : 0;
  return { rate, emitted, seconds, achievedRate, latestMs, usersPerSecond: users.mean };
}

/** Counts the different users of each second. */
class UsersBySecond {
  readonly #start: number;
  readonly #current = new Set<string>();
  #second = 0;
  #sum = 0;

  constructor(start: number) {
    this.#start = start;
  }

  add(userId: string, now: number): void {
    const second = Math.floor((now - this.#start) / 1_000);
    if (second !== this.#second) {
      this.#sum += this.#current.size;
      this.#current.clear();
      this.#second = second;
    }
    this.#current.add(userId);
  }

  /** 0 before the first action. */
  get mean(): number {
    return (this.#sum + this.#current.size) / (this.#second + 1);
  }
}

/**
 * Deals the actions of each `size` in turn to their users, one at a time, as people act who use an app at the same time; a log
 * of purchases holds whole baskets. Each user's own order is kept.
 */
export async function* interleaved(
  actions: AsyncIterable<DatasetAction>,
  size: number,
): AsyncIterable<DatasetAction> {
  let waiting: DatasetAction[] = [];
  for await (const action of actions) {
    waiting.push(action);
    if (waiting.length < size) continue;
    yield* dealt(waiting);
    waiting = [];
  }
  yield* dealt(waiting);
}

function* dealt(actions: readonly DatasetAction[]): Iterable<DatasetAction> {
  const byUser = new Map<string, DatasetAction[]>();
  for (const action of actions) {
    const own = byUser.get(action.userId) ?? [];
    byUser.set(action.userId, own);
    own.push(action);
  }
  for (let turn = 0; byUser.size > 0; turn++) {
    for (const [userId, own] of byUser) {
      yield own[turn]!;
      if (turn === own.length - 1) byUser.delete(userId);
    }
  }
}

/** Repeats the same actions endlessly, with new event and context ids in each round. */
export async function* repeated(actions: () => AsyncIterable<DatasetAction>): AsyncIterable<DatasetAction> {
  for (let round = 1; ; round++) {
    let empty = true;
    for await (const action of actions()) {
      empty = false;
      yield round === 1 ? action : inRound(action, round);
    }
    if (empty) return;
  }
}

function inRound(action: DatasetAction, round: number): DatasetAction {
  const { eventId, contextId } = action;
  return {
    ...action,
    eventId: `${eventId}-round-${round}`,
    ...(contextId !== undefined && { contextId: `${contextId}-round-${round}` }),
  };
}
