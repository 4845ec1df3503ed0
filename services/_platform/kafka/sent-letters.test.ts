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

test('a message whose letter was sent is known by its topic, partition and offset', () => {
  const sent = new SentLetters();
  sent.note('actions', 0, [message(3), message(7)]);
  assert.ok(sent.has('actions', 0, message(3)));
  assert.ok(sent.has('actions', 0, message(7)));
  assert.ok(!sent.has('actions', 0, message(4)));
  assert.ok(!sent.has('actions', 1, message(3)));
  assert.ok(!sent.has('slates', 0, message(3)));
});

test('another message at the offset of a topic that was made again has no letter yet', () => {
  const sent = new SentLetters();
  sent.note('actions', 0, [message(3, 5)]);
  assert.ok(!sent.has('actions', 0, message(3, 6)));
});

test('the letters of a partition that were sent first are forgotten first', () => {
  const sent = new SentLetters(2);
  sent.note('actions', 0, [message(1), message(2), message(3)]);
  sent.note('actions', 1, [message(1)]);
  assert.ok(!sent.has('actions', 0, message(1)));
  assert.ok(sent.has('actions', 0, message(2)));
  assert.ok(sent.has('actions', 0, message(3)));
  assert.ok(sent.has('actions', 1, message(1)));
});
