import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aProposal, aProposedItem, aRelease, someInterests } from '#contracts/domain/records.testing.ts';
import type { Proposal, Release, UserInterests } from '#contracts/generated/records.ts';
import {
  checkFlips,
  checkGenerationAnswers,
  checkMembership,
  checkMoves,
  type ObservedAnswer,
  pointerMoves,
} from './generations.ts';
import type { LogRecord } from './log-record.ts';
import { missingLists } from './proposals.ts';

type Row = readonly [generation: string, state: Release['state'], follows: number | null];

function release([generation, state, follows]: Row): Release {
  return aRelease({ generation, state, follows, updatedAt: 1, itemCount: 2 });
}

function logOf<V>(values: readonly V[], keyOf: (value: V) => string): LogRecord<V>[] {
  return values.map((value, offset) => ({
    partition: 0,
    offset,
    key: keyOf(value),
    timestamp: 10 * offset,
    value,
  }));
}

const movesOf = (...rows: readonly Row[]) =>
  pointerMoves(logOf(rows.map(release), ({ generation }) => generation));

const FLIP: readonly Row[] = [
  ['g1', 'ready', null],
  ['g1', 'active', 1],
  ['g2', 'ready', null],
  ['g2', 'active', 1],
];
const ITEMS = new Map([
  ['g1', new Set(['tea'])],
  ['g2', new Set(['tea', 'mate'])],
]);

describe('the release pointer', () => {
  it('moves once for each flip, however often it is declared', () => {
    const moves = movesOf(...FLIP, ['g2', 'active', 1], ['g1', 'retired', 1]);
    assert.deepEqual(
      moves.map(({ generation, at }) => [generation, at]),
      [
        ['g1', 10],
        ['g2', 30],
      ],
    );
    assert.deepEqual(checkMoves(moves), []);
  });

  it('goes back only where a person went back', () => {
    const back: Row[] = [
      ['g1', 'ready', null],
      ['g2', 'retired', null],
      ['g1', 'active', 1],
    ];
    assert.deepEqual(checkMoves(movesOf(...FLIP, ...back)), []);
    const undone = movesOf(...FLIP).concat(movesOf(['g1', 'active', null]));
    assert.deepEqual(checkMoves(undone), ['g1 became active a second time']);
  });

  it('is compared with each flip of a process', () => {
    const flip = {
      process: 'index-1',
      generation: 'g2',
      decides: true,
      read: FLIP.slice(0, 3).map(release),
      trained: new Map([
        ['g1', 2],
        ['g2', 2],
      ]),
    };
    assert.deepEqual(checkFlips([flip]), []);
    assert.equal(checkFlips([{ ...flip, decides: false }]).length, 1, 'only a process that decides is first');
    assert.equal(checkFlips([{ ...flip, trained: new Map([['g2', 1]]) }]).length, 1, 'a vector is missing');
  });

  it('is compared with answers that a generation is gone', () => {
    const answer: ObservedAnswer = {
      ...{ process: 'index-1', generation: 'g2', at: 25, outcome: 'gone', itemIds: [] },
    };
    const moves = movesOf(...FLIP);
    assert.equal(checkGenerationAnswers([answer], moves, ITEMS).length, 1);
    assert.deepEqual(checkGenerationAnswers([{ ...answer, outcome: 'later' }], moves, ITEMS), []);
    assert.deepEqual(checkGenerationAnswers([{ ...answer, generation: 'g1', at: 35 }], moves, ITEMS), []);
    const foreign: ObservedAnswer = { ...answer, generation: 'g1', outcome: 'held', itemIds: ['mate'] };
    assert.equal(checkGenerationAnswers([foreign], moves, ITEMS).length, 1);
  });
});

describe('the lists of the log', () => {
  const interests = (version: number, generation = 'g1'): UserInterests =>
    someInterests({ userId: 'ann', version, generation });
  const list = (version: number, generation = 'g1', itemId = 'tea'): Proposal =>
    aProposal({ userId: 'ann', model: 'm', version, generation, items: [aProposedItem({ itemId })] });
  const missing = (given: readonly UserInterests[], proposals: readonly Proposal[]) =>
    missingLists(
      {
        interests: logOf(given, ({ userId }) => userId),
        proposals: logOf(proposals, ({ userId }) => userId),
        partitions: 1,
      },
      ['m'],
      new Set(['m']),
    ).map(({ version }) => version);

  it('answer the newest interests of each user, in their generation', () => {
    assert.deepEqual(missing([interests(3), interests(5)], [list(3), list(5)]), []);
    assert.deepEqual(missing([interests(3), interests(5)], [list(3)]), [5]);
    assert.deepEqual(missing([interests(5), interests(5, 'g2')], [list(5)]), [5]);
    assert.deepEqual(
      missing([interests(5), interests(3)], [list(5), list(3)]),
      [],
      'a late one changes nothing',
    );
    assert.deepEqual(missing([interests(5), interests(5, 'g2')], [list(5, 'g2'), list(5)]), [5]);
  });

  it('have items of their generation only', () => {
    const proposals = [list(1), list(1, 'g1', 'mate'), list(1, 'g2', 'mate')];
    assert.equal(
      checkMembership(
        logOf(proposals, ({ userId }) => userId),
        ITEMS,
      ).length,
      1,
    );
  });
});
