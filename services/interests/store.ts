import type { Redis } from 'ioredis';
import { type ActionWindow, createWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { fenceField, replaceFenced, writeFenced } from '#platform/redis/fenced.ts';

const SOURCE = 'actions';
/** Users read at a time when a partition is walked. */
const PAGE = 200;

/** A user's record. `offset` is that of the newest action included; −1 for a user never seen. */
export interface UserRecord {
  readonly window: ActionWindow;
  readonly interests: UserInterests | undefined;
  readonly offset: number;
}

/** Windows and interests, one record a user; every write is fenced by the offset in `actions`. */
export interface InterestsStore {
  read(userId: string): Promise<UserRecord>;
  readInterests(userId: string): Promise<UserInterests | undefined>;
  /** Does nothing when the record already includes that version. @returns whether it was written */
  write(partition: number, window: ActionWindow, interests: UserInterests): Promise<boolean>;
  /** Replaces the interests alone while the record still stands at their version. @returns whether it was written */
  rederive(interests: UserInterests): Promise<boolean>;
  /** Users of a partition, page by page. */
  users(partition: number): AsyncIterable<string[]>;
  /** Newest event time seen in a partition, ms; 0 before the first. */
  readStreamTime(partition: number): Promise<number>;
  writeStreamTime(partition: number, offset: number, streamTime: number): Promise<void>;
}

export function createRedisStore(redis: Redis, key: (...parts: string[]) => string): InterestsStore {
  const recordKey = (userId: string): string => key('interests', 'user', userId);
  const usersKey = (partition: number): string => key('interests', 'partition', String(partition), 'users');
  const streamKey = (partition: number): string => key('interests', 'partition', String(partition), 'stream');

  return {
    async read(userId) {
      const [window, interests, offset] = await redis.hmgetBuffer(
        recordKey(userId),
        'window',
        'interests',
        fenceField(SOURCE),
      );
      return {
        window: window ? decodeWindow(window) : createWindow(),
        interests: interests ? (JSON.parse(interests.toString()) as UserInterests) : undefined,
        offset: offset ? Number(offset.toString()) : -1,
      };
    },
    async readInterests(userId) {
      const interests = await redis.hget(recordKey(userId), 'interests');
      return interests === null ? undefined : (JSON.parse(interests) as UserInterests);
    },
    async write(partition, window, interests) {
      // First, since a crash in between leaves one to read in vain; the other way round the user would never be walked.
      await redis.sadd(usersKey(partition), interests.userId);
      return writeFenced(
        redis,
        recordKey(interests.userId),
        { source: SOURCE, offset: interests.version },
        { window: Buffer.from(encodeWindow(window)), interests: JSON.stringify(interests) },
      );
    },
    rederive(interests) {
      const fence = { source: SOURCE, offset: interests.version };
      return replaceFenced(redis, recordKey(interests.userId), fence, {
        interests: JSON.stringify(interests),
      });
    },
    async *users(partition) {
      let cursor = '0';
      do {
        const [next, page] = await redis.sscan(usersKey(partition), cursor, 'COUNT', PAGE);
        cursor = next;
        if (page.length > 0) yield page;
      } while (cursor !== '0');
    },
    async readStreamTime(partition) {
      return Number((await redis.hget(streamKey(partition), 'time')) ?? 0);
    },
    async writeStreamTime(partition, offset, streamTime) {
      await writeFenced(
        redis,
        streamKey(partition),
        { source: SOURCE, offset },
        { time: String(streamTime) },
      );
    },
  };
}
