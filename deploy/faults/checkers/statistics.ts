import { isDeepStrictEqual } from 'node:util';
import type { Reward } from '#contracts/generated/records.ts';
import { readConfig } from '#platform/config.ts';
import { SETTINGS, termsOf } from '../../../services/rerank/config.ts';
import { createLearner } from '../../../services/rerank/learning/learner.ts';
import type { LearningTerms } from '../../../services/rerank/learning/rewards.ts';
import { atOnce, KeyValues } from '../stores/key-values.ts';
import { createStatisticsStoreIn, STATISTICS, type StoredStatistics } from '../stores/statistics-store.ts';
import { byPartition, type LogRecord } from './log-record.ts';

/** Returns the statistics that each partition of `rewards` leads to, read once, as one batch. */
export async function foldRewards(
  log: Iterable<LogRecord<Reward>>,
  partitions?: number,
  terms: LearningTerms = termsOf(readConfig(SETTINGS, {})),
): Promise<Map<number, StoredStatistics>> {
  const values = new KeyValues();
  const store = createStatisticsStoreIn(values, atOnce);
  const learner = createLearner({ store, terms, count: () => undefined });
  for (const [partition, records] of byPartition(log, partitions)) {
    await learner.learn({
      topic: 'rewards',
      partition,
      messages: records.map((record) => ({ ...record, trace: undefined })),
      lastOffset: records.at(-1)!.offset,
      reject: () => undefined,
    });
  }
  const stored = values.under<StoredStatistics>(STATISTICS);
  return new Map([...stored].map(([partition, one]) => [Number(partition), one]));
}

/** Returns a line for each partition whose sums differ from the expected ones in any bit. */
export function checkStatistics(
  held: ReadonlyMap<number, StoredStatistics>,
  expected: ReadonlyMap<number, StoredStatistics>,
): string[] {
  const faults: string[] = [];
  for (const [partition, wanted] of expected) {
    const actual = held.get(partition);
    const where = `the statistics of partition ${partition}`;
    if (actual === undefined) faults.push(`${where} are not stored`);
    else if (actual.sequence !== wanted.sequence)
      faults.push(`${where} end with the reward ${actual.sequence}, not ${wanted.sequence}`);
    else if (!isDeepStrictEqual(actual.blocks, wanted.blocks) || actual.open !== wanted.open)
      faults.push(`${where} have other sums`);
    else if (actual.offset < wanted.offset)
      faults.push(`${where} include offset ${actual.offset}, not ${wanted.offset}`);
  }
  for (const [partition, { sequence = 0 }] of held)
    if (!expected.has(partition) && sequence > 0)
      faults.push(`the statistics of partition ${partition} count rewards that are not in the log`);
  return faults;
}
