import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicPartitionOffsetAndMetadata } from 'kafkajs';
import { createLogger } from '../observability/logger.ts';
import { Commits } from './commits.ts';

const NEVER_MS = 2 ** 30;
const log = createLogger('test', 'silent');

function recorder(commit: () => Promise<void> = async () => {}) {
  const committed: TopicPartitionOffsetAndMetadata[][] = [];
  return {
    committed,
    commitOffsets: async (offsets: TopicPartitionOffsetAndMetadata[]) => {
      committed.push(offsets);
      await commit();
    },
  };
}

test('the newest offset of each partition is committed, all partitions together, and nothing twice', async () => {
  const consumer = recorder();
  const commits = new Commits(consumer, log, NEVER_MS);
  commits.note('actions', 0, 5);
  commits.note('actions', 1, 7);
  commits.note('actions', 0, 9);
  await commits.flush();
  await commits.close();
  assert.deepEqual(consumer.committed, [
    [
      { topic: 'actions', partition: 0, offset: '9' },
      { topic: 'actions', partition: 1, offset: '7' },
    ],
  ]);
});

test('offsets of partitions that another member may own are not committed', async () => {
  const consumer = recorder();
  const commits = new Commits(consumer, log, NEVER_MS);
  commits.note('actions', 0, 5);
  commits.forget();
  await commits.close();
  assert.deepEqual(consumer.committed, []);
});

test('the start of a partition is committed only if nothing of it was handled, and the assignment is the same', async () => {
  const consumer = recorder();
  const commits = new Commits(consumer, log, NEVER_MS);
  commits.forget();
  const { turn } = commits;
  commits.note('actions', 0, 5);
  await commits.flush();
  commits.noteStart(turn, 'actions', 0, 0);
  commits.noteStart(turn, 'actions', 1, 3);
  commits.forget();
  commits.noteStart(turn, 'actions', 2, 0);
  commits.noteStart(commits.turn, 'actions', 3, 0);
  await commits.close();
  assert.deepEqual(
    consumer.committed.flat().map(({ partition, offset }) => [partition, offset]),
    [
      [0, '5'],
      [3, '0'],
    ],
  );
});

test('a failed commit is left to redelivery, and the next one continues', async () => {
  let fails = true;
  const consumer = recorder(async () => {
    if (fails) throw new Error('the group rebalances');
  });
  const commits = new Commits(consumer, log, NEVER_MS);
  commits.note('actions', 0, 5);
  await commits.flush();
  fails = false;
  commits.note('actions', 0, 6);
  await commits.close();
  assert.deepEqual(
    consumer.committed.map(([first]) => first?.offset),
    ['5', '6'],
  );
});
