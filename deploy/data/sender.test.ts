import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ReceivedVerdict } from './gateway.ts';
import { createSender } from './sender.ts';

interface Element {
  readonly key: string;
  readonly sequence: number;
}

const accepted = (index: number): ReceivedVerdict => ({
  index,
  status: 'accepted',
  partition: 0,
  offset: index,
});

test('every element arrives once, in the order of its key, in batches within both limits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      async (keys, batchSize, lanes) => {
        const batches: Element[][] = [];
        const sender = createSender<Element>({
          lanes,
          batchSize,
          batchBytes: 100,
          keyOf: ({ key }) => key,
          post: async (body) => {
            assert.ok(Buffer.byteLength(body) <= 102);
            const batch = JSON.parse(body) as Element[];
            batches.push(batch);
            return batch.map((_, index) => accepted(index));
          },
        });
        for (const [sequence, key] of keys.entries()) sender.enqueue({ key, sequence });
        await sender.whenBelow(1);
        const arrived = batches.flat();
        assert.equal(arrived.length, keys.length);
        assert.equal(sender.counts.acknowledged, keys.length);
        assert.ok(batches.every(({ length }) => length <= batchSize));
        for (const key of new Set(keys)) {
          const order = arrived.filter((element) => element.key === key).map(({ sequence }) => sequence);
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        }
      },
    ),
  );
});

test('elements that arrive during a request are sent with the next one, never in parallel', async () => {
  const answers: (() => void)[] = [];
  const sizes: number[] = [];
  const sender = createSender<Element>({
    lanes: 1,
    keyOf: ({ key }) => key,
    post: async (body) => {
      const { length } = JSON.parse(body) as Element[];
      sizes.push(length);
      await new Promise<void>((resolve) => answers.push(resolve));
      return Array.from({ length }, (_, index) => accepted(index));
    },
  });
  sender.enqueue({ key: 'a', sequence: 0 });
  await Promise.resolve();
  for (const sequence of [1, 2, 3]) sender.enqueue({ key: 'a', sequence });
  assert.deepEqual([sizes, sender.pending], [[1], 4]);
  answers[0]!();
  await sender.whenBelow(4);
  assert.deepEqual([sizes, sender.pending], [[1, 3], 3]);
  answers[1]!();
  await sender.whenBelow(1);
  assert.equal(sender.counts.sent, 4);
});

test('a rejected element is counted with its reason, and the others are accepted', async () => {
  const offsets: number[] = [];
  const sender = createSender<Element>({
    lanes: 1,
    keyOf: ({ key }) => key,
    onAccepted: (_, { offset }) => offsets.push(offset),
    post: async () => [
      accepted(0),
      {
        index: 1,
        status: 'rejected',
        error: { code: 'action.invalid', field: 'type', reason: 'is unknown' },
      },
    ],
  });
  sender.enqueue({ key: 'a', sequence: 0 });
  sender.enqueue({ key: 'b', sequence: 1 });
  await sender.whenBelow(1);
  assert.deepEqual(offsets, [0]);
  assert.deepEqual(sender.counts, {
    sent: 2,
    acknowledged: 1,
    rejected: 1,
    rejections: ['b action.invalid (type): is unknown'],
  });
});

test('an element that Kafka did not confirm is sent again, and counted once', async () => {
  const bodies: string[] = [];
  const sender = createSender<Element>({
    lanes: 1,
    keyOf: ({ key }) => key,
    post: async (body) => {
      bodies.push(body);
      const error = { code: 'kafka.unacknowledged', reason: 'no response', retryable: true };
      return bodies.length === 1 ? [accepted(0), { index: 1, status: 'rejected', error }] : [accepted(0)];
    },
  });
  sender.enqueue({ key: 'a', sequence: 0 });
  sender.enqueue({ key: 'b', sequence: 1 });
  await sender.whenBelow(1);
  assert.equal(bodies[1], JSON.stringify([{ key: 'b', sequence: 1 }]));
  assert.deepEqual(sender.counts, { sent: 2, acknowledged: 2, rejected: 0, rejections: [] });
});

test('a request that fails for good stops the sender and rejects every waiting or later call', async () => {
  const sender = createSender<Element>({
    lanes: 1,
    keyOf: ({ key }) => key,
    post: () => Promise.reject(new Error('gone')),
  });
  sender.enqueue({ key: 'a', sequence: 0 });
  await assert.rejects(sender.whenBelow(1), /gone/);
  assert.throws(() => sender.enqueue({ key: 'a', sequence: 1 }), /gone/);
  assert.equal(sender.counts.acknowledged, 0);
});

test('verdicts that do not match their batch are an error', async () => {
  const sender = createSender<Element>({ lanes: 1, keyOf: ({ key }) => key, post: async () => [] });
  sender.enqueue({ key: 'a', sequence: 0 });
  await assert.rejects(sender.whenBelow(1), /0 verdicts for 1 elements/);
});
