import type { Redis } from 'ioredis';
import { StateReplaced } from '#platform/kafka/held-state.ts';
import { fenceField, replaceFenced } from '#platform/redis/fenced.ts';
import { deleteHead, readHead, writeHead } from '#platform/redis/heads.ts';
import { runScript, runScriptForBuffers } from '#platform/redis/script.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { deleteFormerRecords } from './former-records.ts';
import {
  asBuffer,
  chunksOf,
  PEEK_RECORDS,
  READ_RECORDS,
  WRITE_RECORDS,
  writeArguments,
} from './record-scripts.ts';
import type {
  DerivedBytes,
  HeadStep,
  InterestsStore,
  RecordWrite,
  UserRecord,
  WriteOutcome,
} from './store.ts';

const SOURCE = 'actions';
/** Users of one page. */
const PAGE = 200;
/** Users of one call that reads the first bytes of each. */
const PEEKED = 1_000;
/** By the numbers that the script returns. */
const OUTCOMES: readonly WriteOutcome[] = ['included', 'written', 'elsewhere'];

type Fields = readonly [
  offset: Buffer | null,
  base: Buffer | null,
  deltas: Buffer | null,
  derived: Buffer | null,
];

/**
 * The store in Redis. All keys of a partition have one hash tag, so that one script may change them together also in a
 * Redis Cluster.
 * @param userPartitions number of partitions of the topics keyed by userId
 * @param onFormer called when records of a former version of this code were deleted
 */
export function createRedisStore(
  redis: Redis,
  key: (...parts: string[]) => string,
  userPartitions: number,
  onFormer: (partition: number, users: number) => void = () => undefined,
): InterestsStore {
  const tagged = (partition: number, ...parts: string[]): string => key(`{interests:${partition}}`, ...parts);
  const recordKey = (partition: number, userId: string): string => tagged(partition, 'user', userId);
  const usersKey = (partition: number): string => tagged(partition, 'users');
  const headKey = (partition: number): string => tagged(partition, 'head');

  async function* usersOf(partition: number): AsyncIterable<string[]> {
    let cursor = '0';
    do {
      const [next, page] = await redis.sscan(usersKey(partition), cursor, 'COUNT', PAGE);
      cursor = next;
      if (page.length > 0) yield page;
    } while (cursor !== '0');
  }

  /** One step, which changes all or nothing. */
  async function writeChunk(
    partition: number,
    writes: readonly RecordWrite[],
    head: HeadStep,
  ): Promise<WriteOutcome[]> {
    const keys = [headKey(partition), usersKey(partition)];
    for (const { userId } of writes) keys.push(recordKey(partition, userId));
    const outcomes = await runScript(redis, WRITE_RECORDS, keys, writeArguments(SOURCE, writes, head));
    if (outcomes === -1) throw new StateReplaced(head.held?.offset ?? -1);
    return (outcomes as number[]).map((outcome) => OUTCOMES[outcome]!);
  }

  return {
    async read(partition, userIds) {
      const records: (UserRecord | undefined)[] = [];
      for (let start = 0; start < userIds.length; start += PAGE) {
        const keys = userIds.slice(start, start + PAGE).map((userId) => recordKey(partition, userId));
        const read = await runScriptForBuffers(redis, READ_RECORDS, keys, [fenceField(SOURCE)]);
        for (const fields of read as Fields[]) records.push(recordOf(fields));
      }
      return records;
    },
    async peek(partition, userIds) {
      const starts: (Uint8Array | undefined)[] = [];
      for (let start = 0; start < userIds.length; start += PEEKED) {
        const keys = userIds.slice(start, start + PEEKED).map((userId) => recordKey(partition, userId));
        const read = (await runScriptForBuffers(redis, PEEK_RECORDS, keys, [])) as (Buffer | null)[];
        for (const bytes of read) starts.push(bytes ?? undefined);
      }
      return starts;
    },
    async readInterests(userId) {
      const partition = partitionOfKey(userId, userPartitions);
      return (await redis.hgetBuffer(recordKey(partition, userId), 'interests')) ?? undefined;
    },
    async write(partition, writes, { held, to }) {
      const outcomes: WriteOutcome[] = [];
      const chunks = chunksOf(writes);
      for (const [number, chunk] of chunks.entries()) {
        const isLast = number === chunks.length - 1 && !outcomes.includes('elsewhere');
        outcomes.push(...(await writeChunk(partition, chunk, { held, to: isLast ? to : undefined })));
      }
      return outcomes;
    },
    rederive(partition, { userId, offset }, bytes) {
      return replaceFenced(redis, recordKey(partition, userId), { source: SOURCE, offset }, fieldsOf(bytes));
    },
    users: usersOf,
    async readHead(partition) {
      const [head, time] = await Promise.all([
        readHead(redis, headKey(partition), SOURCE),
        redis.hget(headKey(partition), 'time'),
      ]);
      return head === undefined ? undefined : { ...head, streamTime: Number(time ?? 0) };
    },
    writeHead: (partition, head) => writeHead(redis, headKey(partition), SOURCE, head),
    async lose(partition, userId) {
      await deleteHead(redis, headKey(partition));
      await redis.unlink(recordKey(partition, userId));
    },
    async clear(partition) {
      await deleteHead(redis, headKey(partition));
      for await (const page of usersOf(partition))
        await redis.unlink(...page.map((userId) => recordKey(partition, userId)));
      await redis.unlink(usersKey(partition));
      const former = await deleteFormerRecords(redis, key, partition);
      if (former > 0) onFormer(partition, former);
    },
  };
}

function recordOf([offset, base, deltas, derived]: Fields): UserRecord | undefined {
  if (offset === null) return undefined;
  return {
    offset: Number(offset.toString()),
    base: base ?? EMPTY,
    deltas: deltas ?? EMPTY,
    derived: derived ?? EMPTY,
  };
}

const EMPTY = new Uint8Array(0);

function fieldsOf({ derived, interests }: DerivedBytes): Record<string, Buffer> {
  return { derived: asBuffer(derived), interests };
}
