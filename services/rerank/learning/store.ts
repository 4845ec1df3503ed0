import type { Learned } from './rewards.ts';

/** Statistics with the offset in `rewards` of the last message they include; −1 before any. */
export interface HeldStatistics {
  readonly learned: Learned;
  readonly offset: number;
}

/** What each partition of `rewards` has taught. */
export interface StatisticsStore {
  load(partition: number): Promise<HeldStatistics>;
  /** Writes unless what is held includes the offset already. @returns whether it was written */
  save(partition: number, held: HeldStatistics): Promise<boolean>;
}
