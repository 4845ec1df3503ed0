import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { someSlate } from './attribution.testing.ts';
import { createHandlers } from './handlers.ts';

test('a malformed slate is rejected and earns nothing, and the partition continues', async () => {
  const taken: Array<[string, number]> = [];
  const readTo: Array<number | undefined> = [];
  const rejected: Array<[number, string, string]> = [];
  const handlers = createHandlers({
    applySlates: async (_partition, messages, lastOffset) => {
      taken.push(...messages.map(({ value }): [string, number] => [value!.slateId, value!.slots.length]));
      readTo.push(lastOffset);
    },
    applyActions: async () => {},
  });
  const sound = someSlate('sound', 'ann', 0, ['apple']);
  const withSlot = (slateId: string, change: Partial<Slate['slots'][number]>): Slate => ({
    ...sound,
    slateId,
    slots: [{ ...sound.slots[0]!, ...change }],
  });
  const slates = [
    sound,
    withSlot('nan', { features: [1, Number.NaN] }),
    withSlot('zero', { propensity: 0 }),
    withSlot('more', { propensity: 1.5 }),
    { ...withSlot('unnamed', { features: [1] }), featureNames: ['bias', 'popularity'] },
    { ...sound, slateId: 'other key', userId: 'bob' },
    { ...sound, slateId: 'everyone', userId: '*' },
    { ...sound, slateId: 'microseconds', servedAt: sound.servedAt * 1_000 },
    { ...sound, slateId: 'long', slots: Array.from({ length: 1_001 }, () => sound.slots[0]!) },
    withSlot('huge', { features: [1, 1e200] }),
    { ...sound, slateId: '' },
    { ...sound, slateId: 'context', contextNames: ['history'], context: [] },
    { ...sound, slateId: 'epsilon', epsilon: -0.1 },
    withSlot('conditional', { conditional: 1.5 }),
  ];
  await handlers.slates({
    topic: 'slates',
    partition: 0,
    messages: slates.map((value, offset) => ({
      partition: 0,
      offset,
      key: 'ann',
      timestamp: value.servedAt,
      value,
      trace: undefined,
    })),
    lastOffset: 9,
    reject: (offset, code, reason) => void rejected.push([offset, code, reason]),
  });
  assert.deepEqual(taken, [['sound', 1]]);
  assert.deepEqual(readTo, [9], 'the offsets of the others count as read');
  assert.deepEqual(
    rejected.map(([offset, code]) => [offset, code]),
    [
      [1, 'number.invalid'],
      [2, 'number.invalid'],
      [3, 'number.invalid'],
      [4, 'features.invalid'],
      [5, 'message.key'],
      [6, 'user.reserved'],
      [7, 'field.invalid'],
      [8, 'list.limit'],
      [9, 'number.invalid'],
      [10, 'field.invalid'],
      [11, 'features.invalid'],
      [12, 'number.invalid'],
      [13, 'number.invalid'],
    ],
  );
  assert.match(rejected[0]![2], /^slots\[0\]\.features\[1\] is NaN; it must be from -1000 to 1000/);
  assert.match(rejected[3]![2], /^slots\[0\] has 1 features for 2 names/);
});

test('an invalid action is rejected and does not advance stream time, and its offset counts as read', async () => {
  const taken: Array<[number, number]> = [];
  const readTo: Array<number | undefined> = [];
  const rejected: Array<[number, string]> = [];
  const handlers = createHandlers({
    applySlates: async () => {},
    applyActions: async (_partition, messages, lastOffset) => {
      taken.push(...messages.map(({ offset, value }): [number, number] => [offset, value!.occurredAt]));
      readTo.push(lastOffset);
    },
  });
  const sound = anAction({ userId: 'ann' });
  const { receivedAt } = sound;
  const actions = [sound, anAction({ userId: 'ann', occurredAt: receivedAt + 3_600_000, receivedAt })];
  await handlers.actions({
    topic: 'actions',
    partition: 0,
    messages: actions.map((value, offset) => ({
      partition: 0,
      offset,
      ...logged(value),
      trace: undefined,
    })),
    lastOffset: 9,
    reject: (offset, code) => void rejected.push([offset, code]),
  });
  assert.deepEqual(taken, [
    [0, sound.occurredAt],
    [1, 0],
  ]);
  assert.deepEqual(rejected, [[1, 'time.future']]);
  assert.deepEqual(readTo, [9]);
});
