import { requireReplaceable } from '#platform/kafka/held-state.ts';
import type { UserJoin } from '../../../services/feedback/attribution.ts';
import {
  closesAt,
  DUE_LIMIT,
  EMPTY_HEAD,
  type JoinedTopic,
  type PartitionHead,
  type QueuedReward,
  type RebuildableJoinStore,
  rememberedUntil,
  type ShownSlate,
} from '../../../services/feedback/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

interface StoredHead extends Partial<PartitionHead> {
  readonly clearedAt?: number;
  readonly topicIds?: Readonly<Partial<Record<JoinedTopic, string>>>;
}

/** Each part of a partition is one value, which every change replaces; its users and slates are never changed. */
interface StoredJoin {
  readonly head: StoredHead;
  readonly users: ReadonlyMap<string, string>;
  readonly shown: ReadonlyMap<string, ShownSlate>;
  readonly joined: ReadonlyMap<string, number>;
  readonly outbox: readonly QueuedReward[];
}

const NOTHING: StoredJoin = { head: {}, users: new Map(), shown: new Map(), joined: new Map(), outbox: [] };

/** The store of the join over values in memory, with the commands of the store in Redis, one by one. */
export function createJoinStoreIn(values: KeyValues, run: RunCommand): RebuildableJoinStore {
  const keyOf = (partition: number) => `feedback/${partition}`;
  const held = (partition: number) => values.get<StoredJoin>(keyOf(partition)) ?? NOTHING;
  const put = (partition: number, change: Partial<StoredJoin>) =>
    values.set(keyOf(partition), { ...held(partition), ...change });

  return {
    readHead: (partition) =>
      run(() => {
        const { topicIds: _, clearedAt: __, ...head } = held(partition).head;
        return { ...EMPTY_HEAD, ...head };
      }),
    async readUsers(partition, userIds, { closesBefore, forgottenUntil }) {
      const texts = await run(() => held(partition).users);
      const all = new Map([...texts].map(([userId, text]) => [userId, JSON.parse(text) as UserJoin]));
      const due = (isDue: (user: UserJoin) => boolean): string[] =>
        [...all].flatMap(([userId, user]) => (isDue(user) ? [userId] : [])).slice(0, DUE_LIMIT);
      const wanted = new Set([
        ...userIds,
        ...due((user) => (closesAt(user) ?? Infinity) < closesBefore),
        ...due((user) => (rememberedUntil(user) ?? Infinity) <= forgottenUntil),
      ]);
      return new Map([...all].filter(([userId]) => wanted.has(userId)));
    },
    readJoined: (partition, slateIds) =>
      run(() => new Set(slateIds.filter((id) => held(partition).joined.has(id)))),
    async readShown(partition, slateIds) {
      if (slateIds.length === 0) return new Map();
      return run(() => {
        const { shown } = held(partition);
        return new Map(slateIds.flatMap((id) => (shown.has(id) ? [[id, shown.get(id)!] as const] : [])));
      });
    },
    commit(partition, { head, users, shown, joined, closed, rewards }) {
      const texts = [...users].map(([userId, user]) => [userId, textOf(user)] as const);
      return run(() => {
        const before = held(partition);
        const { incarnation } = before.head;
        if ((before.head.version ?? 0) !== head.version - 1) return false;
        if (head.incarnation !== undefined && incarnation !== head.incarnation) return false;
        const nextUsers = new Map(before.users);
        for (const [userId, text] of texts) {
          if (text === undefined) nextUsers.delete(userId);
          else nextUsers.set(userId, text);
        }
        const nextShown = new Map(before.shown);
        for (const slate of shown) nextShown.set(slate.slateId, slate);
        for (const slateId of closed) nextShown.delete(slateId);
        const nextJoined = new Map(
          [...before.joined, ...joined].filter(([, until]) => until >= head.newestServedAt),
        );
        const outbox = [...before.outbox, ...rewards].sort((a, b) => a.reward.sequence - b.reward.sequence);
        const nextHead = { ...before.head, ...head, incarnation };
        put(partition, { head: nextHead, users: nextUsers, shown: nextShown, joined: nextJoined, outbox });
        return true;
      });
    },
    readOutbox: (partition, limit) => run(() => held(partition).outbox.slice(0, limit)),
    trimOutbox: (partition, sequence) =>
      run(() => {
        const { outbox } = held(partition);
        put(partition, { outbox: outbox.filter(({ reward }) => reward.sequence > sequence) });
      }),
    readTopicHead: (topic, partition) =>
      run(() => {
        const { [`${topic}Offset` as const]: offset, topicIds, incarnation } = held(partition).head;
        return offset === undefined ? undefined : { offset, topicId: topicIds?.[topic], incarnation };
      }),
    writeTopicHead: (topic, partition, change) =>
      run(() => {
        const { head } = held(partition);
        requireReplaceable(head.incarnation, change);
        const name = `${topic}Offset` as const;
        const { offset = head[name], incarnation = head.incarnation, topicId } = change;
        const topicIds = topicId === undefined ? head.topicIds : { ...head.topicIds, [topic]: topicId };
        put(partition, {
          head: {
            ...head,
            ...(offset === undefined ? {} : { [name]: offset }),
            ...(topicIds === undefined ? {} : { topicIds }),
            incarnation,
          },
        });
      }),
    clear: (partition, now) =>
      run(() => values.set(keyOf(partition), { ...NOTHING, head: { clearedAt: now } })),
    noteCleared: (partition, now) =>
      run(() => {
        const { head } = held(partition);
        put(partition, { head: { ...head, clearedAt: head.clearedAt ?? now } });
      }),
    clearedAt: (partition) => run(() => held(partition).head.clearedAt ?? 0),
  };
}

function textOf(user: UserJoin): string | undefined {
  return user.pending.length + user.recent.length === 0 ? undefined : JSON.stringify(user);
}
