import type { Logger } from 'pino';
import { reasonOf, TributaryError } from '#contracts/errors.ts';

/** starting → ready → draining → stopped. */
export type LifecycleState = 'starting' | 'ready' | 'draining' | 'stopped';

export interface Lifecycle {
  readonly state: LifecycleState;
  /** Aborted when draining begins; pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** Registers a shutdown step. Steps run one after another, the last registered first. */
  onStop(name: string, step: () => Promise<void> | void): void;
  markReady(): void;
  /**
   * Stops the stage after an unexpected error: drains, then exits with 1. The interrupted work is not committed. A
   * retryable error while draining does not count as a failure: its message is read again.
   */
  fail(error: unknown): void;
  /** Drains once, however often it is called. Resolves with the exit code. */
  stop(reason: string): Promise<number>;
}

/**
 * The states of a stage and its one shutdown. The deadline limits the whole drain: work that is unfinished by then is
 * redelivered, which every handler expects.
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
      log.error({ deadlineMs }, 'not drained by the deadline; unfinished work will be redelivered');
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
        log.error({ step: name, reason: reasonOf(error) }, 'a shutdown step failed');
        exitCode = 1;
      }
    }
  }

  function stop(reason: string): Promise<number> {
    // Starts in a later turn, because a step or a signal listener may itself call stop.
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
        log.info({ reason: error.message }, 'work dropped while draining; it will be redelivered');
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
