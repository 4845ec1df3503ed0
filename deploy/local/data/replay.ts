import type { ActionInput } from './dataset.ts';

/** Passing time, so that a test can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface ReplayOptions {
  /** Actions a second. */
  readonly rate: number;
  readonly clock: Clock;
  /** Takes an action at once and does not wait for its answer. */
  readonly emit: (action: ActionInput) => void;
  /** Ends the replay before its data do. */
  readonly signal?: AbortSignal;
}

export interface ReplayReport {
  /** As asked for. */
  readonly rate: number;
  readonly emitted: number;
  readonly seconds: number;
  /** Actions a second, from the first to the end of the slot of the last. */
  readonly achievedRate: number;
  /** The longest that an action was emitted after its due time, in milliseconds. */
  readonly latestMs: number;
}

const TICK_MS = 10;

/**
 * Emits actions in the order given at a chosen rate, stamped with the present. The loop is open: action i is due i/rate
 * seconds after the start whatever became of those before it, and after a pause all that is overdue goes out at once.
 */
export async function replay(
  actions: AsyncIterable<ActionInput>,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { rate, clock, emit, signal } = options;
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new RangeError(`The rate is a positive number, not ${rate}`);
  const start = clock.now();
  let emitted = 0;
  let latestMs = 0;
  for await (const action of actions) {
    const due = start + (emitted / rate) * 1000;
    while (clock.now() < due && !signal?.aborted) await clock.sleep(TICK_MS);
    if (signal?.aborted) break;
    const now = clock.now();
    latestMs = Math.max(latestMs, now - due);
    emit({ ...action, occurredAt: now });
    emitted += 1;
  }
  while (clock.now() < start + (emitted / rate) * 1000 && !signal?.aborted) await clock.sleep(TICK_MS);
  const seconds = (clock.now() - start) / 1000;
  return { rate, emitted, seconds, achievedRate: seconds > 0 ? emitted / seconds : 0, latestMs };
}

/** The same actions over and over, those of a later round under new event and context ids. */
export async function* repeated(actions: () => AsyncIterable<ActionInput>): AsyncIterable<ActionInput> {
  for (let round = 1; ; round++) {
    let empty = true;
    for await (const action of actions()) {
      empty = false;
      yield round === 1 ? action : inRound(action, round);
    }
    if (empty) return;
  }
}

function inRound(action: ActionInput, round: number): ActionInput {
  const { eventId, contextId } = action;
  return {
    ...action,
    eventId: `${eventId}-round-${round}`,
    ...(contextId !== undefined && { contextId: `${contextId}-round-${round}` }),
  };
}
