import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { changedHead, requireHead } from '#platform/kafka/held-state.ts';
import { decodeRecord } from '../../../services/interests/record-codec.ts';
import type {
  InterestsHead,
  InterestsStore,
  RecordWrite,
  UserRecord,
  WriteOutcome,
} from '../../../services/interests/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

/** A user's record, however its window was written: bytes in hexadecimal digits, interests as JSON text. */
export interface StoredInterests {
  readonly window: string;
  readonly interests: string;
  /** The clustering, and what else is derived from the window. */
  readonly derived: string;
  /** Offset of the newest action included. */
  readonly offset: number;
}

/** A record as these stores hold it. */
interface HeldRecord extends UserRecord {
  readonly interests: Buffer;
}

const USER_RECORDS = 'interests/user/';
const USERS = 'interests/users/';
const HEADS = 'interests/head/';

/** Encodes interests for these stores. */
export function encodeInterestsText(interests: UserInterests): Buffer {
  return Buffer.from(JSON.stringify(interests));
}

/** The store of interests over values in memory, with the commands of the store in Redis, one by one. */
export function createInterestsStoreIn(values: KeyValues, run: RunCommand): InterestsStore {
  const headOf = (partition: number) => values.get<InterestsHead>(`${HEADS}${partition}`);
  const usersOf = (partition: number) => values.get<ReadonlySet<string>>(`${USERS}${partition}`);
  const recordOf = (userId: string) => values.get<HeldRecord>(`${USER_RECORDS}${userId}`);

  function writeRecord(partition: number, write: RecordWrite): WriteOutcome {
    const { userId, offset, window, derived, interests } = write;
    const held = recordOf(userId);
    if (held !== undefined && held.offset >= offset) return 'included';
    if ('after' in window && held?.offset !== window.after) return 'elsewhere';
    if (held === undefined)
      values.set(`${USERS}${partition}`, new Set([...(usersOf(partition) ?? []), userId]));
    const bytes =
      'base' in window
        ? { base: window.base, deltas: new Uint8Array(0) }
        : { base: held!.base, deltas: Buffer.concat([held!.deltas, window.delta]) };
    values.set(`${USER_RECORDS}${userId}`, { ...bytes, derived, interests, offset });
    return 'written';
  }

  return {
    read: (_partition, userIds) => run(() => userIds.map(recordOf)),
    peek: (_partition, userIds) => run(() => userIds.map((userId) => recordOf(userId)?.derived)),
    readInterests: (userId) => run(() => recordOf(userId)?.interests),
    write: (partition, writes, { held, to }) =>
      run(() => {
        const head = headOf(partition);
        if (held !== undefined) requireHead(head, held);
        const outcomes = writes.map((write) => writeRecord(partition, write));
        const isAdvanced = to !== undefined && (head === undefined || head.offset < to.offset);
        if (isAdvanced && !outcomes.includes('elsewhere'))
          values.set(`${HEADS}${partition}`, {
            topicId: head?.topicId,
            incarnation: head?.incarnation,
            ...to,
          });
        return outcomes;
      }),
    rederive: (_partition, { userId, offset }, bytes) =>
      run(() => {
        const record = recordOf(userId);
        if (record?.offset !== offset) return false;
        values.set(`${USER_RECORDS}${userId}`, { ...record, ...bytes });
        return true;
      }),
    async *users(partition) {
      const listed = await run(() => [...(usersOf(partition) ?? [])]);
      if (listed.length > 0) yield listed;
    },
    readHead: (partition) => run(() => headOf(partition)),
    writeHead: (partition, head) =>
      run(() => {
        const held = headOf(partition);
        const next = changedHead(held, head);
        if (next !== undefined)
          values.set(`${HEADS}${partition}`, { ...next, streamTime: held?.streamTime ?? 0 });
      }),
    async lose(partition, userId) {
      await run(() => values.delete(`${HEADS}${partition}`));
      await run(() => values.delete(`${USER_RECORDS}${userId}`));
    },
    async clear(partition) {
      await run(() => values.delete(`${HEADS}${partition}`));
      const listed = await run(() => usersOf(partition) ?? new Set<string>());
      await run(() => {
        for (const userId of listed) values.delete(`${USER_RECORDS}${userId}`);
      });
      await run(() => values.delete(`${USERS}${partition}`));
    },
  };
}

/** Returns the record of each user in these values. */
export function storedInterests(values: KeyValues): Map<string, StoredInterests> {
  const records = new Map<string, StoredInterests>();
  for (const [userId, { interests, ...record }] of values.under<HeldRecord>(USER_RECORDS))
    records.set(userId, storedRecord(record, Buffer.from(interests).toString()));
  return records;
}

/** A record for comparison. @param interests as JSON text */
export function storedRecord(record: UserRecord, interests: string): StoredInterests {
  const window = hexOf(encodeWindow(decodeRecord(record).window));
  return { window, interests, derived: hexOf(record.derived), offset: record.offset };
}

export function windowOf({ window }: StoredInterests): ActionWindow {
  return decodeWindow(Buffer.from(window, 'hex'));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
