import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { type HeldProposal, joinPools, MAX_MODELS, newestProposals, replaces } from './pool.ts';
import { held, someItem } from './proposals.testing.ts';

test('a later proposal replaces an earlier one unless it answers older interests', () => {
  assert.equal(replaces(held(5, { version: 2 }), held(4, { version: 1 })), true);
  assert.equal(replaces(held(5, { version: 1 }), held(4, { version: 1 })), true, 'the same interests again');
  assert.equal(replaces(held(5, { version: 1 }), held(4, { version: 2 })), false, 'older interests');
  assert.equal(replaces(held(4, { version: 2 }), held(4, { version: 1 })), false, 'the same message');
});

test('of two answers to one version of the interests the one to the later record stays', () => {
  const answer = (offset: number, interestsOffset: number, interestsAt: number) =>
    held(offset, { interestsOffset, interestsAt });
  assert.equal(replaces(answer(5, 8, 100), answer(4, 9, 200)), false, 'an earlier record');
  assert.equal(replaces(answer(5, 9, 200), answer(4, 8, 100)), true, 'a later record');
  assert.equal(replaces(answer(5, 0, 300), answer(4, 9, 200)), true, 'a record of a topic made anew');
  assert.equal(replaces(answer(5, 9, 50), answer(4, 8, 100)), true, 'a clock that is behind');
  assert.equal(replaces(held(5), answer(4, 9, 200)), true, 'an answer that does not name its record');
  assert.equal(replaces(answer(5, 9, 200), held(4)), true, 'after one that did not');
});

test('proposals applied one by one or in batches lead to the same pool', () => {
  const proposals = fc.array(
    fc.record({
      userId: fc.constantFrom('ann', 'bob'),
      model: fc.constantFrom('trending', 'medoid-neighbours'),
      version: fc.nat(5),
    }),
  );
  fc.assert(
    fc.property(proposals, (changes) => {
      const log = changes.map((change, offset) => held(offset, change));
      const oneByOne = new Map<string, HeldProposal>();
      for (const arriving of log) {
        const name = `${arriving.proposal.userId} ${arriving.proposal.model}`;
        const before = oneByOne.get(name);
        if (before === undefined || replaces(arriving, before)) oneByOne.set(name, arriving);
      }
      assert.deepEqual(newestProposals(log), [...oneByOne.values()]);
    }),
  );
});

test('an unknown user gets the lists for everyone', () => {
  const pool = joinPools([], [held(0, { userId: EVERYONE, version: -1 })]);
  assert.equal(pool.interestsVersion, -1);
  assert.deepEqual(
    pool.proposals.map(({ model }) => model),
    ['trending'],
  );
});

test('generations are not mixed: the newest in the log counts, with models that need none', () => {
  const pool = joinPools(
    [
      held(7, { model: 'medoid-neighbours', generation: 'g2', version: 3 }),
      held(6, { model: 'sequence', generation: 'g1', version: 4 }),
      held(2, { model: 'co-occurrence', generation: null, version: 2 }),
    ],
    [held(900, { userId: EVERYONE, model: 'trending', generation: 'g1', version: -1 })],
  );
  assert.deepEqual(
    pool.proposals.map(({ model }) => model),
    ['co-occurrence', 'medoid-neighbours'],
  );
  assert.equal(pool.generation, 'g2');
  assert.equal(pool.interestsVersion, 3, 'only the used proposals count');
});

test('recent items are those of the newest proposal', () => {
  const pool = joinPools(
    [
      held(3, { model: 'trending', version: 2, recent: ['tea'] }),
      held(2, { model: 'medoid-neighbours', version: 5, recent: ['milk', 'oats'] }),
    ],
    [],
  );
  assert.deepEqual(pool.recent, new Set(['milk', 'oats']));
});

test('recent items are those of the newest proposal, also where its candidates are of an older generation', () => {
  const pool = joinPools(
    [
      held(3, { model: 'trending', generation: 'g2', version: 2, recent: ['tea'] }),
      held(2, { model: 'medoid-neighbours', generation: 'g1', version: 5, recent: ['tea', 'milk'] }),
    ],
    [],
  );
  assert.deepEqual([pool.generation, pool.recent], ['g2', new Set(['tea', 'milk'])]);
});

test('a slate has at most as many models as a pool, the user’s own before those for everyone', () => {
  const ofModels = (prefix: string) =>
    Array.from({ length: MAX_MODELS - 2 }, (_, index) => held(index, { model: `${prefix}-${index + 10}` }));
  const { proposals } = joinPools(ofModels('z'), ofModels('a').reverse());
  assert.equal(proposals.length, MAX_MODELS);
  assert.deepEqual(
    proposals.map(({ model }) => model),
    ['a-10', 'a-11', ...ofModels('z').map(({ proposal }) => proposal.model)],
  );
});

test('a model that proposed to the user is not used a second time with its list for everyone', () => {
  const own = held(1, { items: [someItem('tea', 1)] });
  const pool = joinPools([own], [held(2, { userId: EVERYONE, version: -1, items: [someItem('soap', 1)] })]);
  assert.deepEqual(pool.proposals, [own.proposal]);
});
