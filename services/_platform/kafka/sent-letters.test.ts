import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogMessage } from '#topics/kafka/record-batches.ts';
import { SentLetters } from './sent-letters.ts';

function message(offset: number, timestamp = 5): LogMessage {
  return {
    offset: String(offset),
    timestamp: String(timestamp),
    key: null,
    value: Buffer.from('x'),
  } as never;
}

test('a message whose letter was sent is known until its offset is committed', () => {
  const sent = new SentLetters();
  sent.note('actions', 0, [message(3), message(7)]);
  assert.ok(sent.has('actions', 0, message(3)));
  assert.ok(!sent.has('actions', 0, message(4)));
  assert.ok(!sent.has('actions', 1, message(3)));
  assert.ok(!sent.has('slates', 0, message(3)));
  sent.forgetBefore('actions', 0, 7);
  assert.ok(!sent.has('actions', 0, message(3)));
  assert.ok(sent.has('actions', 0, message(7)));
});

test('another message at the offset of a topic that was made again has no letter yet', () => {
  const sent = new SentLetters();
  sent.note('actions', 0, [message(3, 5)]);
  assert.ok(!sent.has('actions', 0, message(3, 6)));
});

test('partitions that another member owns are forgotten', () => {
  const sent = new SentLetters();
  sent.note('actions', 0, [message(3)]);
  sent.note('actions', 1, [message(3)]);
  sent.keepOnly((topic, partition) => topic === 'actions' && partition === 1);
  assert.ok(!sent.has('actions', 0, message(3)));
  assert.ok(sent.has('actions', 1, message(3)));
});
