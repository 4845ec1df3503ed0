import type { Logger } from 'pino';
import { reasonOf, TributaryError } from '#contracts/errors.ts';

/** starting → ready → draining → stopped. */
export type LifecycleState = 'starting' | 'ready' | 'draining' | 'stopped';

export interface Lifecycle {
  readonly state: LifecycleState;
  /** Aborted when draining begins; pass it to whatever waits. */
  readonly signal: AbortSignal;
  /** Registers a step of the shutdown. Steps run one after another, the last registered first. */
  onStop(name: string, step: () => Promise<void> | void): void;
  markReady(): void;
  /**
   * Ends the stage after an unexpected error: drains, then exits with 1. What the error interrupted is not committed.
   * A retryable error while draining is none: what it gave up is read again.
   */
  fail(error: unknown): void;
  /** Drains once, however often it is called. Resolves with the exit code. */
  stop(reason: string): Promise<number>;
}

/**
 * The states of a stage and its one shutdown. The deadline bounds the whole drain: what has not finished
 * by then is left to redelivery, which every handler expects.
 */
export function createLifecycle(options: {
  log: Logger;
  deadlineMs: number;
  exit: (code: number) => void;
}): Lifecycle {
  const { log, deadlineMs, exit } = options;
  const controller = new AbortController();
  const steps: Array<{ name: string; step: () => Promise<void> | void }> = [];
  let state: LifecycleState = 'starting';
  let exitCode = 0;
  let stopping: Promise<number> | undefined;

  async function drain(reason: string): Promise<number> {
    log.info({ from: state, reason }, 'draining');
    state = 'draining';
    controller.abort();
    let late: NodeJS.Timeout | undefined;
    const deadline = new Promise<'late'>((resolve) => {
      late = setTimeout(() => resolve('late'), deadlineMs);
    });
    const finished = runSteps().then(() => 'finished' as const);
    if ((await Promise.race([finished, deadline])) === 'late') {
      log.error({ deadlineMs }, 'not drained by the deadline; leaving the rest to redelivery');
      exitCode = 1;
    }
    clearTimeout(late);
    state = 'stopped';
    log.info({ exitCode }, 'stopped');
    exit(exitCode);
    return exitCode;
  }

  async function runSteps(): Promise<void> {
    for (const { name, step } of steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        log.error({ step: name, reason: reasonOf(error) }, 'a step of the shutdown failed');
        exitCode = 1;
      }
    }
  }

  function stop(reason: string): Promise<number> {
    // Begun a moment later, because a step or a listener of the signal may itself ask to stop.
    stopping ??= Promise.resolve().then(() => drain(reason));
    return stopping;
  }

  return {
    get state() {
      return state;
    },
    signal: controller.signal,
    onStop(name, step) {
      steps.push({ name, step });
    },
    markReady() {
      if (state !== 'starting') return;
      state = 'ready';
      log.info('ready');
    },
    fail(error) {
      if (state === 'draining' && error instanceof TributaryError && error.retryable) {
        log.info({ reason: error.message }, 'given up while draining');
        return;
      }
      const remedy = error instanceof TributaryError ? { code: error.code, remedy: error.remedy } : {};
      log.fatal({ err: error, ...remedy }, 'stopping before the commit');
      exitCode = 1;
      void stop('failure');
    },
    stop,
  };
}
