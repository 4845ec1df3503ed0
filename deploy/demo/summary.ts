import type { Census } from './census.ts';
import type { FreshnessReport } from './freshness.ts';
import type { LiveStatus } from './live.ts';
import type { Showcase } from './showcase.ts';
import type { ActiveGeneration } from './training.ts';

/** Results of a demo: its own counts, and the state of the log, the index and the users afterwards. */
export interface Summary extends Census {
  readonly dataset: string;
  readonly gateway: string;
  readonly items: number;
  /** History, replay and reactions together. */
  readonly eventsSent: number;
  readonly eventsAcknowledged: number;
  readonly eventsRejected: number;
  readonly generation: Pick<ActiveGeneration, 'id' | 'state' | 'without'>;
  readonly indexItems: number;
  readonly freshnessMs: FreshnessReport;
  /** Actions a second of the live replay, requested and achieved, and the users who acted in a second. */
  readonly liveRate: { readonly wanted: number; readonly achieved: number; readonly usersPerSecond: number };
  /** Actions a second at which the history was ingested. */
  readonly historyRate: number;
  readonly visits: number;
  readonly failedVisits: number;
  readonly slates: readonly Showcase[];
  /** Uncommitted messages by consumer group. */
  readonly lag: Readonly<Record<string, number>>;
  /** Peak memory of the whole stack and this process; null if it cannot be read. */
  readonly memoryMiB: number | null;
  readonly seconds: number;
  readonly secondsByPhase: Readonly<Record<string, number>>;
}

/** Formats the summary for people. */
export function renderSummary(summary: Summary): string {
  const { freshnessMs: freshness, liveRate } = summary;
  const rows: readonly (readonly [string, string])[] = [
    [
      'events',
      `${summary.eventsSent} sent, ${summary.eventsAcknowledged} acknowledged, ${summary.eventsInLog} in the log`,
    ],
    ['not as planned', faults(summary)],
    ['users', `${summary.usersWithMedoids} with medoids`],
    [
      'generation',
      `${summary.generation.id} (${summary.generation.state}), ${summary.indexItems} items in the index`,
    ],
    ['goes without', without(summary.generation)],
    [
      'freshness',
      `p50 ${milliseconds(freshness.p50)}, p99 ${milliseconds(freshness.p99)} over ${freshness.count} actions${freshness.skipped > 0 ? `, ${freshness.skipped} skipped` : ''}`,
    ],
    [
      'rate',
      `history ${summary.historyRate}/s, live ${liveRate.achieved}/s of ${liveRate.wanted}/s by ${liveRate.usersPerSecond} users a second`,
    ],
    [
      'bandit',
      `${summary.rewards} rewards, ${summary.rewardsEarned} of them earned; ${summary.observations} in the posterior`,
    ],
    ['slates', `two users’ share ${(summary.slateOverlap * 100).toFixed(1)} % of their items`],
    ['lag', `${Object.values(summary.lag).reduce((sum, lag) => sum + lag, 0)} messages`],
    ['memory', summary.memoryMiB === null ? 'unknown here' : `${summary.memoryMiB} MiB at most`],
    ['time', `${summary.seconds} s: ${phases(summary.secondsByPhase)}`],
  ];
  return rows.map(([name, text]) => `${name.padEnd(16)}${text}`).join('\n');
}

/** Formats the progress of the live replay in one line. */
export function renderStatus({ counts, freshness }: LiveStatus): string {
  const { p50, p99, count, timedOut } = freshness;
  const late = timedOut > 0 ? `, ${timedOut} timed out` : '';
  return `${counts.acknowledged} live actions; in a slate after p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)} (${count} probes${late})`;
}

function faults(summary: Summary): string {
  const found = [
    [summary.eventsRejected, 'events rejected'],
    [summary.duplicatesInLog, 'events twice in the log'],
    [summary.deadLetters, 'dead letters'],
    [summary.failedVisits, 'slates failed'],
    [summary.freshnessMs.timedOut, 'freshness probes timed out'],
  ] as const;
  const told = found.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return told.length === 0 ? 'nothing' : told.join(', ');
}

function without(generation: Summary['generation']): string {
  const parts = Object.entries(generation.without).map(([part, reason]) => `${part} (${reason})`);
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

function milliseconds(value: number | null): string {
  return value === null ? 'unknown' : `${value} ms`;
}

function phases(seconds: Readonly<Record<string, number>>): string {
  return Object.entries(seconds)
    .map(([name, spent]) => `${name} ${spent}`)
    .join(', ');
}
