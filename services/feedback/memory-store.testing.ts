import {
  changedValues,
  findIn,
  type JoinValues,
  NO_JOIN_VALUES,
  topicHeadIn,
  withTopicHead,
} from './join-values.ts';
import type { RebuildableJoinStore } from './store.ts';

/** A store of the join in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryJoinStore(): RebuildableJoinStore {
  const partitions = new Map<number, JoinValues>();
  const valuesOf = (partition: number): JoinValues => partitions.get(partition) ?? NO_JOIN_VALUES;
  return {
    async readHead(partition) {
      return valuesOf(partition).head;
    },
    async read(partition, request) {
      return structuredClone(findIn(valuesOf(partition), request));
    },
    async commit(partition, change) {
      const next = changedValues(valuesOf(partition), structuredClone(change));
      if (next !== undefined) partitions.set(partition, next);
      return next === undefined ? undefined : { head: change.head, rewards: change.rewards };
    },
    async readOutbox(partition, limit) {
      return structuredClone(valuesOf(partition).outbox.slice(0, limit));
    },
    async trimOutbox(partition, sequence) {
      const values = valuesOf(partition);
      const outbox = values.outbox.filter(({ reward }) => reward.sequence > sequence);
      partitions.set(partition, { ...values, outbox });
    },
    async readTopicHead(topic, partition) {
      return topicHeadIn(valuesOf(partition), topic);
    },
    async writeTopicHead(topic, partition, change) {
      partitions.set(partition, withTopicHead(valuesOf(partition), topic, change));
    },
    async clear(partition, now) {
      partitions.set(partition, { ...NO_JOIN_VALUES, clearedAt: now });
    },
    async noteCleared(partition, now) {
      const values = valuesOf(partition);
      if (values.clearedAt === 0) partitions.set(partition, { ...values, clearedAt: now });
    },
    async clearedAt(partition) {
      return valuesOf(partition).clearedAt;
    },
  };
}
