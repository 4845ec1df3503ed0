import type { Redis } from 'ioredis';
import { fenceField, writeFenced, writeUnderHead } from '#platform/redis/fenced.ts';
import { deleteHead, INCARNATION, readHead, writeHead } from '#platform/redis/heads.ts';
import { BLOCKS, decodeBlock, encodeBlock } from './blocks.ts';
import { type Learned, type LearningTerms, nothingLearned, type OpenSlate } from './rewards.ts';
import type { StatisticsStore } from './store.ts';

const SOURCE = 'rewards';
const TERMS = 'terms';
/** Fields in which earlier code kept the sums of all times. */
const FORMER = 'statistics';
/** Earlier code wrote 1 or 2 here. If it finds another number it restarts learning instead of failing. */
const IN_BLOCKS = '3';

/** Names how rewards become statistics, in the hash of a partition. */
export function termsText({ halfLifeMs, interactions }: LearningTerms): string {
  return `${IN_BLOCKS} ${halfLifeMs} ${[...interactions].sort().join()}`;
}

export function blockField(place: number): string {
  return `block:${place}`;
}

/** One hash a partition: `@rewards` the offset, `sequence`, `open` (the slate under way), `block:<place>`, `terms`, and `features`. */
export function createRedisStatisticsStore(options: {
  redis: Redis;
  keyOf: (partition: number) => string;
  terms: LearningTerms;
}): StatisticsStore {
  const { redis, keyOf } = options;
  const terms = termsText(options.terms);

  /** Whether the sums were learned on other terms, so that they must be learned again. */
  async function isFormer(partition: number): Promise<boolean> {
    const [former, held] = await redis.hmget(keyOf(partition), FORMER, TERMS);
    return typeof former === 'string' || (typeof held === 'string' && held !== terms);
  }

  return {
    async load(partition) {
      const fields = await redis.hgetallBuffer(keyOf(partition));
      const incarnation = fields[INCARNATION]?.toString();
      const held = fields[TERMS]?.toString();
      if (fields[FORMER] !== undefined || (held !== undefined && held !== terms))
        return { offset: -1, incarnation, learned: nothingLearned() };
      const offset = Number(fields[fenceField(SOURCE)] ?? -1);
      return { offset, incarnation, learned: learnedIn(fields) };
    },
    save(partition, { learned, offset }, known) {
      const key = keyOf(partition);
      const fence = { source: SOURCE, offset };
      const blocks = [...learned.changed].map(
        (place) => [blockField(place), Buffer.from(encodeBlock(learned.blocks.get(place)!))] as const,
      );
      const fields = {
        ...Object.fromEntries(blocks),
        sequence: String(learned.sequence),
        open: JSON.stringify(learned.open),
        terms,
        features: IN_BLOCKS,
      };
      if (known === undefined) return writeFenced(redis, key, fence, fields);
      return writeUnderHead(redis, key, fence, { key, ...known }, fields);
    },
    async readHead(partition) {
      return (await isFormer(partition)) ? undefined : readHead(redis, keyOf(partition), SOURCE);
    },
    writeHead: (partition, head) => writeHead(redis, keyOf(partition), SOURCE, head),
    clear: (partition) => deleteHead(redis, keyOf(partition)),
  };
}

function learnedIn(fields: Readonly<Record<string, Buffer | undefined>>): Learned {
  const learned = nothingLearned();
  learned.sequence = Number(fields.sequence ?? 0);
  learned.open = JSON.parse(fields.open?.toString() ?? 'null') as OpenSlate | null;
  for (let place = 0; place < BLOCKS; place++) {
    const bytes = fields[blockField(place)];
    if (bytes !== undefined) learned.blocks.set(place, decodeBlock(bytes));
  }
  return learned;
}
