import { lagByGroup, readCensus } from './census.ts';
import type { Cluster } from './cluster.ts';
import type { LiveReport } from './live.ts';
import type { Past } from './past.ts';
import type { Summary } from './summary.ts';
import type { ActiveGeneration } from './training.ts';
import { waitForProgress } from './wait.ts';

/** Waits until no consumer group is behind. Returns the lags, all zero. */
export function drain(cluster: Cluster, say: (line: string) => void): Promise<Record<string, number>> {
  return waitForProgress(
    'Catching up of the stages with the log',
    async () => {
      const lags = await lagByGroup(cluster);
      const behind = Object.entries(lags).filter(([, lag]) => lag > 0);
      if (behind.length === 0) return { found: lags };
      return { progress: behind.map(([group, lag]) => `${group} is ${lag} messages behind`).join(', ') };
    },
    { say, everyMs: 500 },
  );
}

export type Conclusion = Omit<
  Summary,
  'dataset' | 'gateway' | 'slates' | 'memoryMiB' | 'seconds' | 'secondsByPhase'
>;

/** Waits until all stages are idle, then counts. */
export async function conclude(
  cluster: Cluster,
  past: Past,
  live: LiveReport,
  generation: ActiveGeneration,
  say: (line: string) => void,
): Promise<Conclusion> {
  const lag = await drain(cluster, say);
  const census = await readCensus(cluster, generation.id);
  const { replay, counts } = live;
  return {
    ...census,
    items: past.items,
    eventsSent: past.history.sent + counts.sent,
    eventsAcknowledged: past.history.acknowledged + counts.acknowledged,
    eventsRejected: past.history.rejected + counts.rejected,
    generation: { id: generation.id, state: generation.state, without: generation.without },
    indexItems: generation.items,
    freshnessMs: live.freshness,
    liveRate: {
      wanted: replay.rate,
      achieved: Math.round(replay.achievedRate * 10) / 10,
      usersPerSecond: Math.round(replay.usersPerSecond),
    },
    historyRate: past.historyRate,
    visits: live.visits,
    failedVisits: live.failedVisits,
    lag,
  };
}
