import { requireReplaceable } from '#platform/kafka/held-state.ts';
import type { UserJoin } from './attribution.ts';
import {
  closesAt,
  DUE_LIMIT,
  EMPTY_HEAD,
  type PartitionHead,
  type QueuedReward,
  type RebuildableJoinStore,
  rememberedUntil,
  type ShownSlate,
} from './store.ts';

interface PartitionState {
  head: PartitionHead;
  readonly users: Map<string, UserJoin>;
  readonly shown: Map<string, ShownSlate>;
  readonly joined: Map<string, number>;
  outbox: QueuedReward[];
}

/** A store of the join in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryJoinStore(): RebuildableJoinStore {
  const partitions = new Map<number, PartitionState>();
  const topicIds = new Map<string, string | undefined>();
  const clearedAt = new Map<number, number>();

  function partitionOf(partition: number): PartitionState {
    let held = partitions.get(partition);
    if (held === undefined) {
      held = { head: EMPTY_HEAD, users: new Map(), shown: new Map(), joined: new Map(), outbox: [] };
      partitions.set(partition, held);
    }
    return held;
  }

  return {
    async readHead(partition) {
      return partitionOf(partition).head;
    },
    async readUsers(partition, userIds, { closesBefore, forgottenUntil }) {
      const { users } = partitionOf(partition);
      const closing = [...users].filter(([, user]) => (closesAt(user) ?? Infinity) < closesBefore);
      const forgotten = [...users].filter(
        ([, user]) => (rememberedUntil(user) ?? Infinity) <= forgottenUntil,
      );
      const due = [...closing.slice(0, DUE_LIMIT), ...forgotten.slice(0, DUE_LIMIT)].map(
        ([userId]) => userId,
      );
      const wanted = new Set([...userIds, ...due]);
      return new Map(
        [...users].filter(([userId]) => wanted.has(userId)).map((entry) => structuredClone(entry)),
      );
    },
    async readJoined(partition, slateIds) {
      const { joined } = partitionOf(partition);
      return new Set(slateIds.filter((id) => joined.has(id)));
    },
    async readShown(partition, slateIds) {
      const { shown } = partitionOf(partition);
      return new Map(slateIds.flatMap((id) => (shown.has(id) ? [[id, shown.get(id)!] as const] : [])));
    },
    async commit(partition, change) {
      const held = partitionOf(partition);
      const { incarnation } = change.head;
      if (held.head.version !== change.head.version - 1) return false;
      if (incarnation !== undefined && held.head.incarnation !== incarnation) return false;
      const { head, users, shown, joined, closed, rewards } = structuredClone(change);
      held.head = { ...head, incarnation: held.head.incarnation };
      for (const [userId, user] of users) {
        if (user.pending.length + user.recent.length === 0) held.users.delete(userId);
        else held.users.set(userId, user);
      }
      for (const [slateId, until] of joined) held.joined.set(slateId, until);
      for (const [slateId, until] of held.joined)
        if (until < head.newestServedAt) held.joined.delete(slateId);
      for (const slate of shown) held.shown.set(slate.slateId, slate);
      for (const slateId of closed) held.shown.delete(slateId);
      held.outbox.push(...rewards);
      return true;
    },
    async readOutbox(partition, limit) {
      return structuredClone(partitionOf(partition).outbox.slice(0, limit));
    },
    async trimOutbox(partition, sequence) {
      const held = partitionOf(partition);
      held.outbox = held.outbox.filter(({ reward }) => reward.sequence > sequence);
    },
    async readTopicHead(topic, partition) {
      const held = partitions.get(partition);
      if (held === undefined) return undefined;
      const { [`${topic}Offset` as const]: offset, incarnation } = held.head;
      return { offset, topicId: topicIds.get(`${topic}/${partition}`), incarnation };
    },
    async writeTopicHead(topic, partition, change) {
      const held = partitionOf(partition);
      requireReplaceable(held.head.incarnation, change);
      const name = `${topic}Offset` as const;
      const { offset = held.head[name], incarnation = held.head.incarnation, topicId } = change;
      held.head = { ...held.head, [name]: offset, incarnation };
      if (topicId !== undefined) topicIds.set(`${topic}/${partition}`, topicId);
    },
    async clear(partition, now) {
      partitions.delete(partition);
      clearedAt.set(partition, now);
    },
    async noteCleared(partition, now) {
      if (!clearedAt.has(partition)) clearedAt.set(partition, now);
    },
    async clearedAt(partition) {
      return clearedAt.get(partition) ?? 0;
    },
  };
}
