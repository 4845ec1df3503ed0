import type { Redis } from 'ioredis';
import { decodeStatistics, encodeStatistics } from '#algorithms/bandit/statistics.ts';
import { fenceField, writeFenced } from '#platform/redis/fenced.ts';
import { FEATURE_VERSION } from '../features.ts';
import { nothingLearned } from './rewards.ts';
import type { StatisticsStore } from './store.ts';

const SOURCE = 'rewards';

/** One hash a partition: `@rewards` the offset, `sequence`, `statistics`, and `features`, the version they are of. */
export function createRedisStatisticsStore(options: {
  redis: Redis;
  keyOf: (partition: number) => string;
}): StatisticsStore {
  const { redis, keyOf } = options;
  return {
    async load(partition) {
      const fields = await redis.hgetallBuffer(keyOf(partition));
      const { statistics, sequence, features } = fields;
      const offset = Number(fields[fenceField(SOURCE)] ?? -1);
      const learned = nothingLearned();
      learned.sequence = Number(sequence ?? 0);
      // Statistics of other features cannot be continued: learning begins anew from here on.
      if (statistics === undefined || Number(features) !== FEATURE_VERSION) return { learned, offset };
      return { learned: { ...learned, statistics: decodeStatistics(statistics) }, offset };
    },
    save(partition, { learned, offset }) {
      return writeFenced(
        redis,
        keyOf(partition),
        { source: SOURCE, offset },
        {
          statistics: Buffer.from(encodeStatistics(learned.statistics)),
          sequence: String(learned.sequence),
          features: String(FEATURE_VERSION),
        },
      );
    },
  };
}
