import type { Redis } from 'ioredis';
import { createWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { KnownHead } from '#platform/kafka/held-state.ts';
import {
  type Fields,
  fenceField,
  replaceFenced,
  writeFenced,
  writeUnderHead,
} from '#platform/redis/fenced.ts';
import { deleteHead, readHead, writeHead } from '#platform/redis/heads.ts';
import type { DerivedRecord, InterestsStore } from './store.ts';

const SOURCE = 'actions';
/** Users of one page. */
const PAGE = 200;

export function createRedisStore(redis: Redis, key: (...parts: string[]) => string): InterestsStore {
  const recordKey = (userId: string): string => key('interests', 'user', userId);
  const usersKey = (partition: number): string => key('interests', 'partition', String(partition), 'users');
  const streamKey = (partition: number): string => key('interests', 'partition', String(partition), 'stream');

  async function writeAt(
    partition: number,
    recordOrHead: string,
    offset: number,
    held: KnownHead | undefined,
    fields: Fields,
  ): Promise<boolean> {
    const fence = { source: SOURCE, offset };
    if (held === undefined) return writeFenced(redis, recordOrHead, fence, fields);
    return writeUnderHead(redis, recordOrHead, fence, { key: streamKey(partition), ...held }, fields);
  }

  async function* usersOf(partition: number): AsyncIterable<string[]> {
    let cursor = '0';
    do {
      const [next, page] = await redis.sscan(usersKey(partition), cursor, 'COUNT', PAGE);
      cursor = next;
      if (page.length > 0) yield page;
    } while (cursor !== '0');
  }

  return {
    async read(userId) {
      const fields = ['window', 'interests', 'clustering', fenceField(SOURCE)];
      const [window, interests, clustering, offset] = await redis.hmgetBuffer(recordKey(userId), ...fields);
      return {
        window: window ? decodeWindow(window) : createWindow(),
        interests: interests ? (JSON.parse(interests.toString()) as UserInterests) : undefined,
        clustering: clustering ?? new Uint8Array(0),
        offset: offset ? Number(offset.toString()) : -1,
      };
    },
    async readInterests(userId) {
      const interests = await redis.hget(recordKey(userId), 'interests');
      return interests === null ? undefined : (JSON.parse(interests) as UserInterests);
    },
    async write(partition, window, derived, held) {
      const { userId, version } = derived.interests;
      // First, because a crash between the writes then leaves a listed user without a record, which a refresh skips. In the
      // other order it would leave a record that no refresh ever reads.
      await redis.sadd(usersKey(partition), userId);
      const fields = { window: Buffer.from(encodeWindow(window)), ...fieldsOf(derived) };
      return writeAt(partition, recordKey(userId), version, held, fields);
    },
    rederive(derived) {
      const { userId, version } = derived.interests;
      const fence = { source: SOURCE, offset: version };
      return replaceFenced(redis, recordKey(userId), fence, fieldsOf(derived));
    },
    users: usersOf,
    async readHead(partition) {
      const [head, time] = await Promise.all([
        readHead(redis, streamKey(partition), SOURCE),
        redis.hget(streamKey(partition), 'time'),
      ]);
      return head === undefined ? undefined : { ...head, streamTime: Number(time ?? 0) };
    },
    async advance(partition, { offset, streamTime }, held) {
      await writeAt(partition, streamKey(partition), offset, held, { time: String(streamTime) });
    },
    writeHead: (partition, head) => writeHead(redis, streamKey(partition), SOURCE, head),
    async clear(partition) {
      await deleteHead(redis, streamKey(partition));
      for await (const page of usersOf(partition)) await redis.unlink(...page.map(recordKey));
      await redis.unlink(usersKey(partition));
    },
  };
}

function fieldsOf({ interests, clustering }: DerivedRecord): Fields {
  return { interests: JSON.stringify(interests), clustering: Buffer.from(clustering) };
}
