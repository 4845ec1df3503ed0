import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { changedHead, requireHead } from '#platform/kafka/held-state.ts';
import { decodeRecord } from './record-codec.ts';
import type { InterestsHead, InterestsStore, RecordWrite, UserRecord, WriteOutcome } from './store.ts';

interface Stored extends UserRecord {
  readonly interests: Buffer;
}

export interface MemoryStore extends InterestsStore {
  /** The whole state: equal states have equal dumps, however their windows are divided into base and deltas. */
  dump(): unknown;
}

/** The store in memory. It keeps bytes, as Redis does, so that a change of a record that was read does not change the store. */
export function createMemoryStore(): MemoryStore {
  const records = new Map<string, Stored>();
  const users = new Map<number, Set<string>>();
  const heads = new Map<number, InterestsHead>();

  function writeRecord(partition: number, write: RecordWrite): WriteOutcome {
    const { userId, offset, window, derived, interests } = write;
    const stored = records.get(userId);
    if (stored !== undefined && stored.offset >= offset) return 'included';
    if ('base' in window) {
      users.set(partition, (users.get(partition) ?? new Set()).add(userId));
      records.set(userId, { offset, base: window.base, deltas: new Uint8Array(0), derived, interests });
      return 'written';
    }
    if (stored?.offset !== window.after) return 'elsewhere';
    const deltas = Buffer.concat([stored.deltas, window.delta]);
    records.set(userId, { offset, base: stored.base, deltas, derived, interests });
    return 'written';
  }

  return {
    read: async (_partition, userIds) => userIds.map((userId) => records.get(userId)),
    peek: async (_partition, userIds) =>
      userIds.map((userId) => records.get(userId)?.derived.subarray(0, 128)),
    readInterests: async (userId) => records.get(userId)?.interests,
    async write(partition, writes, { held, to }) {
      const head = heads.get(partition);
      if (held !== undefined) requireHead(head, held);
      const outcomes = writes.map((write) => writeRecord(partition, write));
      const isAdvanced = to !== undefined && (head === undefined || head.offset < to.offset);
      if (isAdvanced && !outcomes.includes('elsewhere'))
        heads.set(partition, { topicId: head?.topicId, incarnation: head?.incarnation, ...to });
      return outcomes;
    },
    async rederive(_partition, { userId, offset }, bytes) {
      const stored = records.get(userId);
      if (stored?.offset !== offset) return false;
      records.set(userId, { ...stored, ...bytes });
      return true;
    },
    async *users(partition) {
      const listed = [...(users.get(partition) ?? [])];
      if (listed.length > 0) yield listed;
    },
    async readHead(partition) {
      return heads.get(partition);
    },
    async writeHead(partition, head) {
      const held = heads.get(partition);
      const next = changedHead(held, head);
      if (next !== undefined) heads.set(partition, { ...next, streamTime: held?.streamTime ?? 0 });
    },
    async lose(partition, userId) {
      heads.delete(partition);
      records.delete(userId);
    },
    async clear(partition) {
      heads.delete(partition);
      for (const userId of users.get(partition) ?? []) records.delete(userId);
      users.delete(partition);
    },
    dump: () => ({
      records: [...records]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([userId, stored]) => [userId, whole(stored)]),
      users: [...users].map(([partition, listed]) => [partition, [...listed].sort()]),
      heads: [...heads],
    }),
  };
}

function whole(stored: Stored): Record<string, string | number> {
  const { derived, interests, offset } = stored;
  const window = encodeWindow(decodeRecord(stored).window);
  return { window: base64(window), derived: base64(derived), interests: base64(interests), offset };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
