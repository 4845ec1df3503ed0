import type { Redis } from 'ioredis';
import { type ActionWindow, createWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { type Fields, fenceField, replaceFenced, writeFenced } from '#platform/redis/fenced.ts';

const SOURCE = 'actions';
/** Users read at a time when a partition is walked. */
const PAGE = 200;

/** A user's record. `offset` is that of the newest action included; −1 for a user never seen. */
export interface UserRecord {
  readonly window: ActionWindow;
  readonly interests: UserInterests | undefined;
  /** How the window is clustered in the generation of the interests; no bytes where there is none. */
  readonly clustering: Uint8Array;
  readonly offset: number;
}

/** What is derived from a window. */
export interface Derived {
  readonly interests: UserInterests;
  readonly clustering: Uint8Array;
}

/** Windows and interests, one record a user; every write is fenced by the offset in `actions`. */
export interface InterestsStore {
  read(userId: string): Promise<UserRecord>;
  readInterests(userId: string): Promise<UserInterests | undefined>;
  /** Does nothing when the record already includes that version. @returns whether it was written */
  write(partition: number, window: ActionWindow, derived: Derived): Promise<boolean>;
  /** Replaces what is derived while the record still stands at that version. @returns whether it was written */
  rederive(derived: Derived): Promise<boolean>;
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
    async write(partition, window, { interests, clustering }) {
      // First, since a crash in between leaves one to read in vain; the other way round the user would never be walked.
      await redis.sadd(usersKey(partition), interests.userId);
      return writeFenced(
        redis,
        recordKey(interests.userId),
        { source: SOURCE, offset: interests.version },
        { window: Buffer.from(encodeWindow(window)), ...derivedFields(interests, clustering) },
      );
    },
    rederive({ interests, clustering }) {
      const fence = { source: SOURCE, offset: interests.version };
      const fields = derivedFields(interests, clustering);
      return replaceFenced(redis, recordKey(interests.userId), fence, fields);
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

function derivedFields(interests: UserInterests, clustering: Uint8Array): Fields {
  return { interests: JSON.stringify(interests), clustering: Buffer.from(clustering) };
}
