import type { Redis } from 'ioredis';
import { fenceField, writeFenced, writeUnderHead } from '#platform/redis/fenced.ts';
import { deleteHead, INCARNATION, readHead, writeHead } from '#platform/redis/heads.ts';
import { decodeBlock, encodeBlock, learnerOfKey } from './blocks.ts';
import { type Learned, type LearningTerms, nothingLearned, type OpenSlate } from './rewards.ts';
import type { StatisticsStore } from './store.ts';

const SOURCE = 'rewards';
const TERMS = 'terms';
/** Fields in which earlier code kept the sums of all times. */
const FORMER = 'statistics';
/** Earlier code wrote 1 to 3 here. If it finds another number it restarts learning instead of failing, or of missing the arms that learn apart. */
const IN_BLOCKS = '4';
const NO_BLOCK = Buffer.alloc(0);

/** Names how rewards become statistics, in the hash of a partition. */
export function termsText({ halfLifeMs, interactions }: LearningTerms): string {
  return `${IN_BLOCKS} ${halfLifeMs} ${[...interactions].sort().join()}`;
}

const BLOCK = 'block:';

/** @param key of a block */
export function blockField(key: string): string {
  return `${BLOCK}${key}`;
}

/** The bytes of each block by its key; a block that is gone has left an empty field. */
export function blockBytes(fields: Readonly<Record<string, Buffer | undefined>>): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const [field, bytes] of Object.entries(fields))
    if (field.startsWith(BLOCK) && bytes !== undefined && bytes.length > 0)
      found.set(field.slice(BLOCK.length), bytes);
  return found;
}

/** One hash a partition: `@rewards` the offset, `sequence`, `open` (the slate under way), `block:<place>` and `block:<place>:<experiment>/<arm>`, `terms`, and `features`. */
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
      const blocks = [...learned.changed].map((key) => {
        const block = learned.blocks.get(key);
        return [blockField(key), block === undefined ? NO_BLOCK : Buffer.from(encodeBlock(block))] as const;
      });
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
  for (const [key, bytes] of blockBytes(fields))
    learned.blocks.set(key, decodeBlock(bytes, learnerOfKey(key)));
  return learned;
}
