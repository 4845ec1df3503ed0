import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#algorithms/random.ts';
import type { DatasetAction } from '../data/dataset.ts';
import type { Gateway } from '../data/gateway.ts';
import { type ReplayReport, replay } from '../data/replay.ts';
import { createSender, type SendCounts } from '../data/sender.ts';
import { createFreshnessProbe, type FreshnessReport } from './freshness.ts';
import { type Departments, visit } from './visitors.ts';

export interface LiveOptions {
  readonly gateway: Gateway;
  readonly actions: AsyncIterable<DatasetAction>;
  /** Actions replayed per second. */
  readonly rate: number;
  readonly departments: Departments;
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
/** Visitors are drawn among the users of this number of latest actions. */
const RECENT_USERS = 500;

const wallClock = { now: Date.now, sleep: (ms: number): Promise<void> => delay(ms) };
const monotonicClock = { ...wallClock, now: () => performance.now() };

/**
 * Replays actions at a rate. Meanwhile, simulated visitors request slates and react to them, and a probe measures how
 * long an accepted action takes to show in a slate. Resolves when the actions are used up and all of them are
 * acknowledged.
 */
export async function runLive(options: LiveOptions): Promise<LiveReport> {
  const { gateway, actions, rate, departments, random, onStatus } = options;
  const probe = createFreshnessProbe({ gateway, clock: monotonicClock });
  const recentUsers: string[] = [];
  const sender = createSender<DatasetAction>({
    post: gateway.postActions,
    keyOf: ({ userId }) => userId,
    lanes: LANES,
    onAccepted(action, { offset }) {
      departments.learn(action);
      recentUsers[random.integer(RECENT_USERS)] = action.userId;
      probe.consider(action, offset);
    },
  });
  const replayEnded = new AbortController();
  const visiting = visit({
    gateway,
    departments,
    random,
    nextUser: () => recentUsers[random.integer(RECENT_USERS)],
    emit: (action) => sender.enqueue(action),
    rate: VISITS_A_SECOND,
    sleep: wallClock.sleep,
    signal: replayEnded.signal,
  });
  const status = setInterval(() => onStatus({ counts: sender.counts, freshness: probe.report() }), STATUS_MS);
  try {
    const emit = (action: DatasetAction) => sender.enqueue(action);
    const replaying = replay(actions, { rate, clock: wallClock, emit });
    // The first failure ends both; without one, the visitors stay until the replay ends.
    const report = await Promise.race([replaying, visiting.then(() => replaying)]);
    replayEnded.abort();
    const { slates, failed } = await visiting;
    await sender.whenBelow(1);
    await probe.settled();
    return {
      replay: report,
      visits: slates,
      failedVisits: failed,
      counts: sender.counts,
      freshness: probe.report(),
    };
  } finally {
    replayEnded.abort();
    clearInterval(status);
  }
}
