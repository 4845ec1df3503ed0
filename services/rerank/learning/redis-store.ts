import type { Redis } from 'ioredis';
import { decodeStatistics, encodeStatistics } from '#algorithms/bandit/statistics.ts';
import { fenceField, writeFenced, writeUnderHead } from '#platform/redis/fenced.ts';
import { deleteHead, INCARNATION, readHead, writeHead } from '#platform/redis/heads.ts';
import { COLUMNS_OF_VERSION_1 } from '../features.ts';
import { nothingLearned } from './rewards.ts';
import type { StatisticsStore } from './store.ts';

const SOURCE = 'rewards';
/** Earlier code wrote 1 here. If it finds another number it restarts learning instead of failing. */
const FEATURES_BY_NAME = '2';

/** One hash a partition: `@rewards` the offset, `sequence`, `statistics`, which name their columns, and `features`. */
export function createRedisStatisticsStore(options: {
  redis: Redis;
  keyOf: (partition: number) => string;
}): StatisticsStore {
  const { redis, keyOf } = options;
  return {
    async load(partition) {
      const fields = await redis.hgetallBuffer(keyOf(partition));
      const { statistics, sequence } = fields;
      const learned = nothingLearned();
      return {
        offset: Number(fields[fenceField(SOURCE)] ?? -1),
        incarnation: fields[INCARNATION]?.toString(),
        learned: {
          sequence: Number(sequence ?? 0),
          statistics:
            statistics === undefined
              ? learned.statistics
              : decodeStatistics(statistics, COLUMNS_OF_VERSION_1),
        },
      };
    },
    save(partition, { learned, offset }, known) {
      const key = keyOf(partition);
      const fence = { source: SOURCE, offset };
      const fields = {
        statistics: Buffer.from(encodeStatistics(learned.statistics)),
        sequence: String(learned.sequence),
        features: FEATURES_BY_NAME,
      };
      if (known === undefined) return writeFenced(redis, key, fence, fields);
      return writeUnderHead(redis, key, fence, { key, ...known }, fields);
    },
    readHead: (partition) => readHead(redis, keyOf(partition), SOURCE),
    writeHead: (partition, head) => writeHead(redis, keyOf(partition), SOURCE, head),
    clear: (partition) => deleteHead(redis, keyOf(partition)),
  };
}
