import { createWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { changedHead, type KnownHead, requireHead } from '#platform/kafka/held-state.ts';
import type { InterestsHead, InterestsStore } from './store.ts';

interface Bytes {
  window: string;
  interests: string;
  clustering: string;
  offset: number;
}

export interface MemoryStore extends InterestsStore {
  /** The whole state: equal states have equal dumps. */
  dump(): unknown;
}

/** The store in memory. It keeps bytes, as Redis does, so that a change of a record that was read does not change the store. */
export function createMemoryStore(): MemoryStore {
  const records = new Map<string, Bytes>();
  const users = new Map<number, Set<string>>();
  const heads = new Map<number, InterestsHead>();

  function requireHeld(partition: number, held: KnownHead | undefined): void {
    if (held !== undefined) requireHead(heads.get(partition), held);
  }

  return {
    async read(userId) {
      const record = records.get(userId);
      if (record === undefined) {
        return { window: createWindow(), interests: undefined, clustering: new Uint8Array(0), offset: -1 };
      }
      return {
        window: decodeWindow(Buffer.from(record.window, 'base64')),
        interests: JSON.parse(record.interests) as UserInterests,
        clustering: Buffer.from(record.clustering, 'base64'),
        offset: record.offset,
      };
    },
    async readInterests(userId) {
      const record = records.get(userId);
      return record === undefined ? undefined : (JSON.parse(record.interests) as UserInterests);
    },
    async write(partition, window, { interests, clustering }, held) {
      const { userId, version } = interests;
      const listed = users.get(partition) ?? new Set();
      users.set(partition, listed.add(userId));
      requireHeld(partition, held);
      if ((records.get(userId)?.offset ?? -1) >= version) return false;
      records.set(userId, {
        window: base64(encodeWindow(window)),
        interests: JSON.stringify(interests),
        clustering: base64(clustering),
        offset: version,
      });
      return true;
    },
    async rederive({ interests, clustering }) {
      const record = records.get(interests.userId);
      if (record?.offset !== interests.version) return false;
      record.interests = JSON.stringify(interests);
      record.clustering = base64(clustering);
      return true;
    },
    async *users(partition) {
      const listed = [...(users.get(partition) ?? [])];
      if (listed.length > 0) yield listed;
    },
    async readHead(partition) {
      return heads.get(partition);
    },
    async advance(partition, to, held) {
      requireHeld(partition, held);
      const head = heads.get(partition);
      if (head === undefined || head.offset < to.offset)
        heads.set(partition, { topicId: head?.topicId, incarnation: head?.incarnation, ...to });
    },
    async writeHead(partition, head) {
      const held = heads.get(partition);
      const next = changedHead(held, head);
      if (next !== undefined) heads.set(partition, { ...next, streamTime: held?.streamTime ?? 0 });
    },
    async clear(partition) {
      heads.delete(partition);
      for (const userId of users.get(partition) ?? []) records.delete(userId);
      users.delete(partition);
    },
    dump: () => ({
      records: [...records].sort(([a], [b]) => (a < b ? -1 : 1)),
      users: [...users].map(([partition, listed]) => [partition, [...listed].sort()]),
      heads: [...heads],
    }),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
