import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Proposal } from '#contracts/generated/records.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import { applyProposals, type FreshnessByHop } from './apply-proposals.ts';
import { createMemoryPoolStore } from './memory-store.testing.ts';
import { joinPools, MAX_MODELS } from './pool.ts';
import { arriving, held, listOf, NOW, someCause, someItem, someProposal } from './proposals.testing.ts';
import type { ArrivingRecord } from './store.ts';

function messagesOf(values: Array<Proposal | null>): Array<IncomingMessage<Proposal>> {
  return values.map((value, offset) => ({
    partition: 0,
    offset,
    key: 'ann',
    timestamp: NOW,
    value,
    trace: undefined,
  }));
}

test('a batch writes its last proposals, once, however often it is read', async () => {
  const inner = createMemoryPoolStore();
  const writes: number[] = [];
  const freshness: FreshnessByHop[] = [];
  const store: typeof inner = {
    ...inner,
    put: (partition, arriving, batch) => {
      writes.push(...arriving.map(({ offset }) => offset));
      return inner.put(partition, arriving, batch);
    },
  };
  const messages = messagesOf([
    someProposal({ version: 1 }),
    someProposal({ version: 2 }),
    someProposal({ version: 3 }),
  ]);
  const batch = {
    topic: 'proposals',
    partition: 0,
    messages,
    lastOffset: messages.length - 1,
    reject: () => assert.fail('rejected'),
  };
  const options = { store, fresh: (one: FreshnessByHop) => void freshness.push(one), now: () => NOW };
  await applyProposals(batch, options);
  await applyProposals(batch, options);
  assert.deepEqual(writes, [2, 2]);
  assert.deepEqual(
    freshness.map(({ total }) => total),
    [0.1],
    'a redelivery is not measured',
  );
  assert.deepEqual(await inner.read('ann'), joinPools([held(2, { version: 3 })], []));
});

test('an invalid proposal is rejected, and the rest of the batch is used', async () => {
  const store = createMemoryPoolStore();
  const rejected: Array<[number, string]> = [];
  const messages = messagesOf([
    someProposal({ model: 'sequence', items: [someItem('tea', 1), someItem('rye', Number.NaN)] }),
    someProposal({
      model: 'hybrid',
      items: [someItem('tea', 1, { because: someCause({ importance: Infinity }) })],
    }),
    someProposal(),
  ]);
  const reject = (offset: number, _code: string, reason: string) => void rejected.push([offset, reason]);
  await applyProposals(
    { topic: 'proposals', partition: 0, messages, lastOffset: 2, reject },
    { store, fresh: () => {}, now: () => NOW },
  );
  assert.deepEqual(rejected, [
    [0, 'items[1].score is NaN; it must be from -1000000000000 to 1000000000000'],
    [1, 'items[0].because.importance is Infinity; it must be from 0 to 1'],
  ]);
  assert.deepEqual(await store.read('ann'), joinPools([held(2)], []));
});

test('a proposal of a model with an invalid name, or beyond the limit of a pool, is rejected', async () => {
  const store = createMemoryPoolStore();
  const rejected: Array<[number, string]> = [];
  const models = [
    '__proto__',
    'other',
    ...Array.from({ length: MAX_MODELS + 1 }, (_, index) => `model-${index}`),
  ];
  const messages = messagesOf(models.map((model) => someProposal({ model })));
  await applyProposals(
    {
      topic: 'proposals',
      partition: 0,
      messages,
      lastOffset: messages.length - 1,
      reject: (offset, code) => void rejected.push([offset, code]),
    },
    { store, fresh: () => {}, now: () => NOW },
  );
  assert.deepEqual(rejected, [
    [0, 'model.name'],
    [1, 'model.name'],
    [MAX_MODELS + 2, 'model.limit'],
  ]);
  assert.equal((await store.read('ann')).proposals.length, MAX_MODELS);
});

test('a tombstone erases the pool, and later proposals count again', async () => {
  const store = createMemoryPoolStore();
  const after = someProposal({ model: 'sequence', version: 4 });
  const messages = messagesOf([someProposal({ version: 3 }), null, after]);
  await applyProposals(
    {
      topic: 'proposals',
      partition: 0,
      messages,
      lastOffset: messages.length - 1,
      reject: () => assert.fail('rejected'),
    },
    { store, fresh: () => {}, now: () => NOW },
  );
  assert.deepEqual(await store.read('ann'), joinPools([{ offset: 2, proposal: listOf(after) }], []));
});

test('a record of several models counts for the models of which the batch has no newer list', async () => {
  const inner = createMemoryPoolStore();
  const puts: Array<readonly ArrivingRecord[]> = [];
  const store: typeof inner = {
    ...inner,
    put: (partition, records) => {
      puts.push(records);
      return inner.put(partition, records);
    },
  };
  const records = [
    arriving(0, { a: null, b: null }, { version: 1 }),
    arriving(1, { b: null }, { version: 1 }),
    arriving(2, { a: null }, { version: 1 }),
    arriving(3, { a: null, c: null }, { version: 0 }),
  ].map(({ proposal }) => proposal);
  const reject = () => assert.fail('rejected');
  const freshness: FreshnessByHop[] = [];
  await applyProposals(
    { topic: 'proposals', partition: 0, messages: messagesOf(records), lastOffset: 3, reject },
    { store, fresh: (one) => void freshness.push(one), now: () => NOW },
  );
  assert.deepEqual(
    puts.map((one) => one.map(({ offset, models }) => [offset, ...models])),
    [
      [
        [1, 'b'],
        [2, 'a'],
        [3, 'c'],
      ],
    ],
    'one call of the store writes the batch',
  );
  assert.equal(freshness.length, 3, 'each record that is used is measured once');
});

test('a record with an invalid name of a model is rejected as a whole, and one beyond the limit only for its new models', async () => {
  const store = createMemoryPoolStore();
  const rejected: Array<[number, string, string]> = [];
  const full = Object.fromEntries(Array.from({ length: MAX_MODELS }, (_, index) => [`m${index}`, null]));
  const records = [
    arriving(0, { a: null, Other: null }),
    arriving(1, full),
    arriving(2, { 'one-more': null, m0: null, 'two-more': null }),
  ].map(({ proposal }) => proposal);
  await applyProposals(
    {
      topic: 'proposals',
      partition: 0,
      messages: messagesOf(records),
      lastOffset: 2,
      reject: (offset, code, reason) => void rejected.push([offset, code, reason]),
    },
    { store, fresh: () => {}, now: () => NOW },
  );
  assert.deepEqual(rejected, [
    [0, 'model.name', 'lists[1].model is not a name of a model'],
    [2, 'model.limit', 'one-more, two-more would exceed the limit of 32 models per pool'],
  ]);
  const { proposals } = await store.read('ann');
  assert.equal(proposals.length, MAX_MODELS);
  const [m0] = proposals;
  assert.equal(m0!.candidates.itemIds[m0!.places[0]!], 'm0 2', 'the model that the pool has is updated');
});

test('only an answer to a newer action is measured, not one to the same interests in another generation', async () => {
  const store = createMemoryPoolStore();
  const freshness: FreshnessByHop[] = [];
  const apply = (lastOffset: number, proposal: Partial<Proposal>) =>
    applyProposals(
      {
        topic: 'proposals',
        partition: 0,
        messages: messagesOf([someProposal(proposal)]).map((message) => ({ ...message, offset: lastOffset })),
        lastOffset,
        reject: () => assert.fail('rejected'),
      },
      { store, fresh: (one) => void freshness.push(one), now: () => NOW },
    );
  await apply(0, { version: 3, generation: 'g1' });
  await apply(1, { version: 3, generation: 'g2' });
  assert.equal(freshness.length, 1);
  await apply(2, { version: 4, generation: 'g2', receivedAt: NOW - 90, interestsAt: NOW - 60 });
  assert.equal(freshness.length, 2);
  const { total, interests, proposals, pools } = freshness[1]!;
  assert.deepEqual([total, interests, proposals! + pools], [0.09, 0.03, 0.06]);
});
