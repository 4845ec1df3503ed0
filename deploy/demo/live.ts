import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#algorithms/random.ts';
import type { DatasetAction } from '../data/dataset.ts';
import type { Gateway } from '../data/gateway.ts';
import { type ReplayReport, replay } from '../data/replay.ts';
import { createSender, type SendCounts } from '../data/sender.ts';
import { type Abilities, runCrowd } from '../simulate/crowd.ts';
import type { People } from '../simulate/people.ts';
import { createFreshnessProbe, type FreshnessReport } from './freshness.ts';

export interface LiveOptions {
  readonly gateway: Gateway;
  readonly actions: AsyncIterable<DatasetAction>;
  /** Actions replayed per second. */
  readonly rate: number;
  /** Those who visit meanwhile. */
  readonly people: People;
  /** What the API of the gateway offers. */
  readonly abilities: Abilities;
  readonly random: Random;
  /** Called every few seconds. */
  readonly onStatus: (status: LiveStatus) => void;
}

export interface LiveStatus {
  readonly counts: SendCounts;
  readonly freshness: FreshnessReport;
}

export interface LiveReport extends LiveStatus {
  readonly replay: ReplayReport;
  /** Number of slates that the simulated visitors saw. */
  readonly visits: number;
  readonly failedVisits: number;
}

/**
 * Requests in flight: few enough not to overload the gateway, enough that none waits for the acknowledgement of
 * another.
 */
const LANES = 16;
const VISITS_A_SECOND = 5;
const STATUS_MS = 5_000;
/** Some of the visitors want other things from time to time. */
const DRIFT = { afterMs: 20_000, everyMs: 20_000, share: 0.1 };

const wallClock = { now: Date.now, sleep: (ms: number): Promise<void> => delay(ms) };
const monotonicClock = { ...wallClock, now: () => performance.now() };

/**
 * Replays actions at a rate. Meanwhile, the crowd of the simulation requests slates and reacts to them, and a probe measures how
 * long an accepted action takes to show in a slate. Resolves when the actions are used up and all of them are
 * acknowledged.
 */
export async function runLive(options: LiveOptions): Promise<LiveReport> {
  const { gateway, actions, rate, people, abilities, random, onStatus } = options;
  const probe = createFreshnessProbe({ gateway, clock: monotonicClock });
  const sender = createSender<DatasetAction>({
    post: gateway.postActions,
    keyOf: ({ userId }) => userId,
    lanes: LANES,
    onAccepted(action, { offset }) {
      // An impression is no part of the interests.
      if (action.type !== 'impression') probe.consider(action, offset);
    },
  });
  const replayEnded = new AbortController();
  const seen = { slates: 0, failed: 0 };
  const visiting = runCrowd({
    people,
    gateway,
    abilities,
    emit: (action) => sender.enqueue(action),
    rate: VISITS_A_SECOND,
    random,
    drift: DRIFT,
    signal: replayEnded.signal,
    onVisit: () => void seen.slates++,
    onFailed: () => void seen.failed++,
  });
  const status = setInterval(() => onStatus({ counts: sender.counts, freshness: probe.report() }), STATUS_MS);
  try {
    const emit = (action: DatasetAction) => sender.enqueue(action);
    const replaying = replay(actions, { rate, clock: wallClock, emit });
    // The first failure ends both; without one, the visitors stay until the replay ends.
    const report = await Promise.race([replaying, visiting.then(() => replaying)]);
    replayEnded.abort();
    await visiting;
    await sender.whenBelow(1);
    await probe.settled();
    return {
      replay: report,
      visits: seen.slates,
      failedVisits: seen.failed,
      counts: sender.counts,
      freshness: probe.report(),
    };
  } finally {
    replayEnded.abort();
    clearInterval(status);
  }
}
