import {
  changedValues,
  findIn,
  type JoinValues,
  NO_JOIN_VALUES,
  topicHeadIn,
  withTopicHead,
} from '../../../services/feedback/join-values.ts';
import type { RebuildableJoinStore } from '../../../services/feedback/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

/** The store of the join over values in memory, with the commands of the store in Redis, one by one. */
export function createJoinStoreIn(values: KeyValues, run: RunCommand): RebuildableJoinStore {
  const keyOf = (partition: number) => `feedback/${partition}`;
  const held = (partition: number) => values.get<JoinValues>(keyOf(partition)) ?? NO_JOIN_VALUES;
  const put = (partition: number, next: JoinValues) => values.set(keyOf(partition), next);
  return {
    readHead: (partition) => run(() => held(partition).head),
    read: (partition, request) => run(() => findIn(held(partition), request)),
    commit: (partition, change) =>
      run(() => {
        const next = changedValues(held(partition), change);
        if (next !== undefined) put(partition, next);
        return next === undefined ? undefined : { head: change.head, rewards: change.rewards };
      }),
    readOutbox: (partition, limit) => run(() => held(partition).outbox.slice(0, limit)),
    trimOutbox: (partition, sequence) =>
      run(() => {
        const before = held(partition);
        const outbox = before.outbox.filter(({ reward }) => reward.sequence > sequence);
        put(partition, { ...before, outbox });
      }),
    readTopicHead: (topic, partition) => run(() => topicHeadIn(held(partition), topic)),
    writeTopicHead: (topic, partition, change) =>
      run(() => put(partition, withTopicHead(held(partition), topic, change))),
    clear: (partition, now) => run(() => put(partition, { ...NO_JOIN_VALUES, clearedAt: now })),
    noteCleared: (partition, now) =>
      run(() => {
        const before = held(partition);
        if (before.clearedAt === 0) put(partition, { ...before, clearedAt: now });
      }),
    clearedAt: (partition) => run(() => held(partition).clearedAt),
  };
}
