import { readFileSync } from 'node:fs';
import type { WatchedProcess } from '../memory.ts';

/** Linux counts the processor time of a process in ticks of this length, ms. */
const TICK_MS = 10;

/** Processor time, in ms, of each process since its start: all its threads, in user and in kernel mode. */
export function processorTimes(processes: readonly WatchedProcess[]): Map<string, number> {
  return new Map(processes.map(({ name, pid }) => [name, processorTime(pid)]));
}

/** The time between two readings, by process, for each of `count` units of work; and the total. */
export function timeAUnit(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  count: number,
): Record<string, number> {
  const times: Record<string, number> = {};
  let total = 0;
  for (const [name, ms] of after) {
    const spent = (ms - (before.get(name) ?? 0)) / Math.max(1, count);
    times[name] = spent;
    total += spent;
  }
  return { ...times, total };
}

function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses and may contain spaces; the third field follows the last ")".
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return (user + system) * TICK_MS;
}
