import { setImmediate } from 'node:timers/promises';
import type { Steps } from '#algorithms/steps.ts';

/** Working time in one turn, ms; an action may have to wait so long. */
const TURN_MS = 2;

export interface Turns {
  /** A clock in milliseconds. */
  readonly now: () => number;
  /** Resolves after other work of the process has had its turn; that of the event loop by default. */
  readonly nextTurn?: (() => Promise<void>) | undefined;
}

/** Does the steps of some work in turns of a few milliseconds. @returns the result, and the working time, ms */
export async function inTurns<T>(
  steps: Steps<T>,
  { now, nextTurn = setImmediate }: Turns,
): Promise<{ readonly result: T; readonly ms: number }> {
  let ms = 0;
  for (;;) {
    const started = now();
    let step = steps.next();
    while (!step.done && now() - started < TURN_MS) step = steps.next();
    ms += now() - started;
    if (step.done) return { result: step.value, ms };
    await nextTurn();
  }
}
