import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '#contracts/errors.ts';
import type { Release } from '#contracts/generated/records.ts';
import { TrainingLease } from './lease.ts';
import type { Publisher } from './release/publisher.ts';

/** Signs of life in the time of a lease, so that a few may be late. */
const BEATS_A_LEASE = 5;
const ASK_AGAIN_MS = 20;

export interface HeldLease {
  /** Resolves when the log has given the lease; rejects if a different training came first. */
  readonly obtained: Promise<void>;
  /** @throws TributaryError `training.failed` if the lease was lost, as by a process that was stopped for a while */
  check(): Promise<void>;
  /** Gives no more signs of life; resolves when the last one is in the log. */
  end(): Promise<void>;
}

/** Declares a training again and again, so that its process keeps the lease. @param release as it was declared first */
export function keepLease(
  release: Release,
  lease: TrainingLease,
  {
    publisher,
    now,
    leaseMs,
    signal,
  }: {
    publisher: Pick<Publisher, 'release'>;
    now: () => number;
    leaseMs: number;
    /** Aborts the wait for the log, which a stage that stops does not read to its end. */
    signal?: AbortSignal | undefined;
  },
): HeldLease {
  const { generation } = release;
  lease.own(generation);
  let sent: Promise<void> = Promise.resolve();
  const beat = (): void => {
    // A sign of life that is not acknowledged is as good as none: the next one follows.
    sent = sent.then(() => publisher.release(TrainingLease.beat(release, now()))).catch(() => undefined);
  };
  const timer = setInterval(beat, leaseMs / BEATS_A_LEASE).unref();

  async function check(): Promise<void> {
    let isHeld = lease.isHeldBy(generation);
    const until = performance.now() + leaseMs;
    while (isHeld === undefined && performance.now() < until) {
      await delay(ASK_AGAIN_MS, undefined, { signal });
      isHeld = lease.isHeldBy(generation);
    }
    if (isHeld === true) return;
    const holder = lease.holder();
    const reason =
      holder === undefined
        ? 'the training was given up by a different process'
        : `${holder} is being trained`;
    throw new TributaryError('training.failed', reason, { retryable: true });
  }

  const obtained = check();
  // It is awaited by the training, unless that fails before.
  obtained.catch(() => undefined);
  return {
    obtained,
    check,
    async end() {
      clearInterval(timer);
      await sent;
    },
  };
}
