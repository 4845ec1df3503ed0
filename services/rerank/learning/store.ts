import type { Head } from '#platform/kafka/held-state.ts';
import type { Learned } from './rewards.ts';

/** Statistics with the offset in `rewards` of the last included message; −1 if none. */
export interface HeldStatistics {
  readonly learned: Learned;
  readonly offset: number;
}

/** The statistics of each partition of `rewards`. */
export interface StatisticsStore {
  load(partition: number): Promise<HeldStatistics>;
  /** Writes unless the stored statistics already include the offset. @returns whether it was written */
  save(partition: number, held: HeldStatistics): Promise<boolean>;
  /** @returns undefined if nothing was stored */
  readHead(partition: number): Promise<Head | undefined>;
  /** Writes offset and topic of the head whatever they were. */
  writeHead(partition: number, head: Head): Promise<void>;
  /** Deletes the statistics with their head. */
  clear(partition: number): Promise<void>;
}
