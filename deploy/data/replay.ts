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
