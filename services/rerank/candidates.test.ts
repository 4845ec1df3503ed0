import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Proposal } from '#contracts/generated/records.ts';
import { gatherCandidates } from './candidates.ts';
import { priorMeanOf } from './features.ts';
import { listOf, NOW, someCause, someItem, someProposal } from './pools/proposals.testing.ts';

const NOTHING: ReadonlySet<string> = new Set();

/** The features of each candidate by name. */
function named(proposals: Proposal[], excluded = NOTHING): Record<string, Record<string, number>> {
  const { candidates, features } = gatherCandidates(proposals.map(listOf), { excluded, now: NOW });
  const { columns, values } = features;
  return Object.fromEntries(
    candidates.map(({ itemId }, row) => [
      itemId,
      Object.fromEntries(columns.map((name, column) => [name, values[row * columns.length + column]!])),
    ]),
  );
}

test('a candidate carries the features of each model that proposed it', () => {
  const rows = named([
    someProposal({
      model: 'medoid-neighbours',
      items: [someItem('oats', 0.9, { because: someCause(), popularity: 0.5 }), someItem('rye', 0.5)],
    }),
    someProposal({ model: 'trending', items: [someItem('tea', 8), someItem('oats', 4)] }),
  ]);
  assert.deepEqual(Object.keys(rows), ['oats', 'rye', 'tea']);
  // Scores of medoid-neighbours: .9, .5 and, for tea, the lowest given, .5: standardised √2, −1/√2, −1/√2.
  const expected = {
    bias: 1,
    'medoid-neighbours.proposed': 1,
    'medoid-neighbours.rank': 1,
    'medoid-neighbours.score': Math.SQRT2,
    'trending.proposed': 1,
    'trending.rank': 0.5,
    'trending.score': -Math.SQRT1_2,
    'medoid.share': 0.25,
    'medoid.recency': 0.5,
    popularity: 0.5,
  };
  assert.deepEqual(Object.keys(rows.oats!), Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(Math.abs(rows.oats![name]! - value) < 1e-12, `${name} is ${rows.oats![name]}, not ${value}`);
  }
  assert.equal(rows.tea!['medoid-neighbours.proposed'], 0);
});

test('a list for everybody counts less beside a list of the user, by a column of its own, and as much without one', () => {
  const own = someProposal({ model: 'behaviour', items: [someItem('oats', 2), someItem('rye', 1)] });
  const everybody = { userId: '*', version: -1, items: [someItem('rye', 9), someItem('oats', 3)] };
  const shared = someProposal({ model: 'trending', ...everybody });
  const beside = named([own, shared]);
  assert.equal(beside.rye!['trending.beside-score'], 0.05);
  assert.equal(beside.oats!['trending.beside-score'], -0.05);
  assert.ok(!Object.hasOwn(beside.rye!, 'trending.score'));
  assert.equal(beside.rye!['behaviour.own-score'], -1);
  const alone = named([shared]);
  assert.equal(alone.rye!['trending.score'], 1);
  assert.ok(!Object.hasOwn(alone.rye!, 'trending.beside-score'));
  const lists = [own, shared].map(listOf);
  const { columns } = gatherCandidates(lists, { excluded: NOTHING, areListsEqual: true, now: NOW }).features;
  assert.ok(columns.includes('trending.score') && !columns.includes('trending.beside-score'));
});

test('candidates that only lists for everybody bring do not change the scale of the user’s own lists', () => {
  const own = someProposal({ model: 'behaviour', items: [someItem('oats', 2), someItem('rye', 1)] });
  const many = ['a', 'b', 'c', 'd'].map((itemId) => someItem(itemId, 1));
  const shared = someProposal({ model: 'trending', userId: '*', version: -1, items: many });
  const rows = named([own, shared]);
  assert.equal(rows.oats!['behaviour.own-score'], 1);
  assert.equal(rows.a!['behaviour.own-score'], -2, 'one below the lowest score of the list');
});

test('no candidate of a list for everybody alone stands before one of the user’s own lists', () => {
  const own = Array.from({ length: 30 }, (_, i) => someItem(`own ${i}`, 30 - i));
  const shared = [
    someItem('trend', 1_000),
    ...Array.from({ length: 30 }, (_, i) => someItem(`other ${i}`, 1)),
  ];
  const lists = [
    someProposal({ model: 'behaviour', items: own }),
    someProposal({ model: 'trending', userId: '*', version: -1, items: shared }),
  ];
  const rows = named(lists);
  const prior = (itemId: string) =>
    Object.entries(rows[itemId]!).reduce((sum, [name, value]) => sum + priorMeanOf(name) * value, 0);
  const least = Math.min(...own.map(({ itemId }) => prior(itemId)));
  assert.ok(shared.every(({ itemId }) => prior(itemId) < least));
});

test('beside a list of the combiner every other list counts less, and the best items of the combiner stay apart', () => {
  const best = [someItem('first', 30), someItem('second', 29)];
  const rest = Array.from({ length: 60 }, (_, i) => someItem(`item ${i}`, 1));
  const combined = someProposal({ model: 'combiner', items: [...best, ...rest] });
  const known = someProposal({ model: 'behaviour', items: [someItem('second', 9), someItem('item 0', 1)] });
  const rows = named([known, combined]);
  const score = (itemId: string) => rows[itemId]!['combiner.own-score']!;
  assert.ok(score('first') > score('second') && score('second') > 3);
  assert.ok(rows.second!['behaviour.beside-score']! > 0);
  assert.ok(!Object.hasOwn(rows.second!, 'behaviour.own-score'));
  const empty = named([known, someProposal({ model: 'combiner', items: [] })]);
  assert.ok(
    Object.hasOwn(empty.second!, 'behaviour.score'),
    'an empty list of the combiner has combined nothing',
  );
});

test('every model has columns of its own from its first proposal on, whatever its name', () => {
  const rows = named([
    someProposal({ model: 'constructor', items: [someItem('b', 3), someItem('a', 1)] }),
    someProposal({ model: 'sequence', items: [someItem('a', 1), someItem('b', 0)] }),
  ]);
  const ofModels = Object.entries(rows.a!).filter(([name]) => /^(constructor|sequence)\./.test(name));
  assert.deepEqual(Object.fromEntries(ofModels), {
    'constructor.proposed': 1,
    'constructor.rank': 0.5,
    'constructor.score': -1,
    'sequence.proposed': 1,
    'sequence.rank': 1,
    'sequence.score': 1,
  });
});

test('an item is explained by the first proposal that names a cause, else by the first that needs none', () => {
  const explained = (...proposals: Proposal[]) =>
    gatherCandidates(proposals.map(listOf), { excluded: NOTHING, now: NOW }).candidates.map(
      ({ because, explanation }) => [because?.itemId, explanation],
    )[0];
  const caused = (itemId: string, explanation: string) =>
    someProposal({ items: [someItem('a', 1, { because: someCause({ itemId }) })], explanation });
  const plain = (explanation: string) => someProposal({ items: [someItem('a', 1)], explanation });
  assert.deepEqual(explained(plain('popular'), caused('tea', 'like {cause}')), ['tea', 'like {cause}']);
  assert.deepEqual(explained(caused('tea', 'like {cause}'), caused('rye', 'x {cause}')), [
    'tea',
    'like {cause}',
  ]);
  assert.deepEqual(explained(plain('like {cause}'), plain(''), plain('popular')), [undefined, 'popular']);
  assert.deepEqual(explained(plain('popular'), plain('new')), [undefined, 'popular']);
  assert.deepEqual(explained(caused('tea', ''), plain('popular')), ['tea', ''], 'the cause itself explains');
});

test('the combiner explains its candidates as it does, and the medoid of another list stays a feature', () => {
  const medoid = someCause({ itemId: 'gas', importance: 0.5 });
  const own = someProposal({
    model: 'medoid-neighbours',
    items: ['a', 'b', 'c', 'd'].map((itemId) => someItem(itemId, 1, { because: medoid })),
    explanation: 'because you {deed} {cause}',
  });
  const combined = someProposal({
    model: 'combiner',
    explanation: 'chosen by people like you',
    items: [
      someItem('a', 3, {
        because: someCause({ itemId: 'tea', importance: 0 }),
        explanation: 'because you {deed} {cause}',
      }),
      someItem('b', 2, { explanation: 'popular' }),
      someItem('c', 1),
    ],
  });
  const { candidates, features } = gatherCandidates([own, combined].map(listOf), {
    excluded: NOTHING,
    now: NOW,
  });
  assert.deepEqual(
    candidates.map(({ because, explanation }) => [because?.itemId, explanation]),
    [
      ['tea', 'because you {deed} {cause}'],
      [undefined, 'popular'],
      [undefined, 'chosen by people like you'],
      ['gas', 'because you {deed} {cause}'],
    ],
  );
  const share = features.columns.indexOf('medoid.share');
  for (const row of candidates.keys())
    assert.equal(features.values[row * features.columns.length + share], 0.5);
});

test('equal scores are standardised to 0', () => {
  const rows = named([someProposal({ items: [someItem('a', 7), someItem('b', 7)] })]);
  assert.equal(rows.a!['trending.score'], 0);
  assert.equal(rows.b!['trending.score'], 0);
});

test('excluded items are not candidates and do not affect the scores of the others', () => {
  const all = someProposal({ items: [someItem('a', 3), someItem('x', 99), someItem('b', 1)] });
  const rows = named([all], new Set(['x']));
  assert.deepEqual(Object.keys(rows), ['a', 'b']);
  assert.equal(rows.a!['trending.score'], 1);
  assert.equal(rows.b!['trending.rank'], 1 / 3, 'a rank is the place in the model’s own list');
});

test('features of any proposals are finite, within their ranges, and standardised per user', () => {
  const item = fc
    .record({
      itemId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      score: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
    })
    .map(({ itemId, score }) => someItem(itemId, score, { because: someCause({ lastOccurredAt: NOW + 5 }) }));
  const proposal = fc
    .record({
      model: fc.constantFrom('medoid-neighbours', 'trending', 'sequence', 'hybrid'),
      items: fc.uniqueArray(item, { selector: ({ itemId }) => itemId }),
    })
    .map(someProposal);
  const proposals = fc.uniqueArray(proposal, { selector: ({ model }) => model });
  fc.assert(
    fc.property(proposals, (given) => {
      for (const row of Object.values(named(given))) {
        for (const [name, value] of Object.entries(row)) {
          const [least, most] = name.endsWith('.score') ? [-3, 3] : [0, 1];
          assert.ok(value >= least && value <= most, `${name} is ${value}`);
        }
      }
    }),
  );
});

test('a policy without rewards ranks by the sum of the standardised scores', () => {
  const { candidates, features } = gatherCandidates(
    [
      someProposal({
        model: 'medoid-neighbours',
        items: [someItem('a', 0.9), someItem('b', 0.8), someItem('c', 0.1)],
      }),
      someProposal({ model: 'trending', items: [someItem('b', 50), someItem('c', 40)] }),
      someProposal({ model: 'sequence', items: [someItem('b', 2), someItem('a', 1)] }),
    ].map(listOf),
    { excluded: NOTHING, now: NOW },
  );
  const { columns, values } = features;
  for (const row of candidates.keys()) {
    const x = values.subarray(row * columns.length, (row + 1) * columns.length);
    const prior = x.reduce((sum, value, column) => sum + value * priorMeanOf(columns[column]!), 0);
    const scores = columns.flatMap((name, column) => (name.endsWith('.score') ? [x[column]!] : []));
    assert.equal(scores.length, 3);
    assert.ok(Math.abs(prior - 0.05 * scores.reduce((sum, score) => sum + score, 0)) < 1e-12);
  }
});
