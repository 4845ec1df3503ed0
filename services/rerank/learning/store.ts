import type { Head, HeadChange, KnownHead } from '#platform/kafka/held-state.ts';
import type { Learned } from './rewards.ts';

/** Statistics with the offset in `rewards` of the last included message; −1 if none. */
export interface HeldStatistics {
  readonly learned: Learned;
  readonly offset: number;
  /** Incarnation of the state; undefined if none was written. */
  readonly incarnation: string | undefined;
}

/** The statistics of each partition of `rewards`. State that was learned on other terms counts as missing. */
export interface StatisticsStore {
  load(partition: number): Promise<HeldStatistics>;
  /**
   * Writes the changed blocks unless the stored statistics already include the offset.
   * @param known the head that the statistics continue; any if left out
   * @returns whether it was written
   * @throws StateLost if the stored head includes less, or is of another incarnation
   */
  save(partition: number, held: HeldStatistics, known?: KnownHead): Promise<boolean>;
  /** @returns undefined if nothing was stored */
  readHead(partition: number): Promise<Head | undefined>;
  /** Writes the head whatever it was. */
  writeHead(partition: number, head: HeadChange): Promise<void>;
  /** Deletes the statistics with their head. */
  clear(partition: number): Promise<void>;
}
