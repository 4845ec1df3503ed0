import { type ActionWindow, createWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { changedHead, type KnownHead, requireHead } from '#platform/kafka/held-state.ts';
import type { InterestsHead, InterestsStore } from '../../../services/interests/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

/** A user's record as it is stored: bytes in hexadecimal digits, interests as JSON text. */
export interface StoredInterests {
  readonly window: string;
  readonly interests: string;
  readonly clustering: string;
  /** Offset of the newest action included. */
  readonly offset: number;
}

export const USER_RECORDS = 'interests/user/';
const USERS = 'interests/users/';
const HEADS = 'interests/head/';

/** The store of interests over values in memory, with the commands of the store in Redis, one by one. */
export function createInterestsStoreIn(values: KeyValues, run: RunCommand): InterestsStore {
  const headOf = (partition: number) => values.get<InterestsHead>(`${HEADS}${partition}`);
  const usersOf = (partition: number) => values.get<ReadonlySet<string>>(`${USERS}${partition}`);
  const recordOf = (userId: string) => values.get<StoredInterests>(`${USER_RECORDS}${userId}`);

  function requireHeld(partition: number, held: KnownHead | undefined): void {
    if (held !== undefined) requireHead(headOf(partition), held);
  }

  return {
    async read(userId) {
      const record = await run(() => recordOf(userId));
      if (record === undefined)
        return { window: createWindow(), interests: undefined, clustering: new Uint8Array(0), offset: -1 };
      return {
        window: windowOf(record),
        interests: JSON.parse(record.interests) as UserInterests,
        clustering: Buffer.from(record.clustering, 'hex'),
        offset: record.offset,
      };
    },
    async readInterests(userId) {
      const record = await run(() => recordOf(userId));
      return record && (JSON.parse(record.interests) as UserInterests);
    },
    async write(partition, window, { interests, clustering }, held) {
      const { userId, version } = interests;
      const bytes = hexOf(encodeWindow(window));
      await run(() => values.set(`${USERS}${partition}`, new Set([...(usersOf(partition) ?? []), userId])));
      return run(() => {
        requireHeld(partition, held);
        if ((recordOf(userId)?.offset ?? -1) >= version) return false;
        const derived = { interests: JSON.stringify(interests), clustering: hexOf(clustering) };
        values.set(`${USER_RECORDS}${userId}`, { window: bytes, ...derived, offset: version });
        return true;
      });
    },
    rederive({ interests, clustering }) {
      const { userId, version } = interests;
      return run(() => {
        const record = recordOf(userId);
        if (record?.offset !== version) return false;
        const derived = { interests: JSON.stringify(interests), clustering: hexOf(clustering) };
        values.set(`${USER_RECORDS}${userId}`, { ...record, ...derived });
        return true;
      });
    },
    async *users(partition) {
      const listed = await run(() => [...(usersOf(partition) ?? [])]);
      if (listed.length > 0) yield listed;
    },
    readHead: (partition) => run(() => headOf(partition)),
    advance: (partition, to, held) =>
      run(() => {
        requireHeld(partition, held);
        const head = headOf(partition);
        if (head === undefined || head.offset < to.offset)
          values.set(`${HEADS}${partition}`, {
            topicId: head?.topicId,
            incarnation: head?.incarnation,
            ...to,
          });
      }),
    writeHead: (partition, head) =>
      run(() => {
        const held = headOf(partition);
        const next = changedHead(held, head);
        if (next !== undefined)
          values.set(`${HEADS}${partition}`, { ...next, streamTime: held?.streamTime ?? 0 });
      }),
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

export function windowOf({ window }: StoredInterests): ActionWindow {
  return decodeWindow(Buffer.from(window, 'hex'));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
