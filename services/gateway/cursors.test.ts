import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decodeCursor,
  decodeScoreCursor,
  encodeCursor,
  pageByScore,
  pageOf,
  type ScoredEntry,
} from './cursors.ts';

const INVALID = { code: 'field.invalid', field: 'cursor', status: 400 };

describe('the cursors of lists', () => {
  it('lead through a list of any length, each entry once and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (list, n) => {
        const read: number[] = [];
        let cursor: string | undefined;
        do {
          const { entries, next } = pageOf(list, { of: 'g1', n, cursor });
          read.push(...entries);
          cursor = next ?? undefined;
        } while (cursor !== undefined);
        assert.deepEqual(read, list);
      }),
    );
  });

  it('are rejected where the list has changed since, so that parts never mix', () => {
    const { next } = pageOf(['a', 'b'], { of: 'g1', n: 1, cursor: undefined });
    assert.throws(() => pageOf(['b', 'a'], { of: 'g2', n: 1, cursor: next! }), {
      ...INVALID,
      message: /has changed since/,
    });
  });

  it('are rejected where they are any other text', () => {
    for (const text of [
      '',
      'x',
      '7',
      encodeCursor('g1', -1),
      encodeCursor('g1', 0.5),
      Buffer.from('[7,1]').toString('base64url'),
      Buffer.from('null').toString('base64url'),
    ])
      assert.throws(() => decodeCursor(text), INVALID, text);
    assert.deepEqual(decodeCursor(encodeCursor('g1/ü', 3)), { of: 'g1/ü', from: 3 });
  });
});

describe('the cursors of lists by score', () => {
  const list = fc
    .uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 40 })
    .chain((ids) =>
      fc.tuple(...ids.map((itemId) => fc.record({ itemId: fc.constant(itemId), score: fc.nat(3) }))),
    );
  const inOrder = (entries: readonly ScoredEntry[]) =>
    entries.toSorted((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));

  /** Reads all parts; `at` returns the list as it is when a part is read. */
  function readAll(at: (part: number) => readonly ScoredEntry[], n: number): string[] {
    const read: string[] = [];
    let cursor: string | undefined;
    for (let part = 0; ; part++) {
      const wanted = (cursor === undefined ? 0 : decodeScoreCursor(cursor).from) + n + 1;
      const known = inOrder(at(part)).slice(0, wanted);
      const { entries, next } = pageByScore(known, { of: 'g1', n, cursor, isWhole: known.length < wanted });
      read.push(...entries.map(({ itemId }) => itemId));
      if (next === null) return read;
      cursor = next;
    }
  }

  it('lead through a list in which scores tie, each entry once and in order', () => {
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 5 }), (entries, n) => {
        const whole = inOrder(entries).map(({ itemId }) => itemId);
        assert.deepEqual(
          readAll(() => entries, n),
          whole,
        );
      }),
    );
  });

  it('repeat no entry where the list gains and loses entries between two parts, and miss none that stays', () => {
    fc.assert(
      fc.property(list, list, fc.integer({ min: 1, max: 5 }), (some, others, n) => {
        const apart = others.map(({ itemId, score }) => ({ itemId: `other ${itemId}`, score }));
        const read = readAll((part) => (part % 2 === 0 ? some : [...some, ...apart]), n);
        assert.equal(new Set(read).size, read.length);
        assert.deepEqual(
          read.filter((itemId) => !itemId.startsWith('other ')),
          inOrder(some).map(({ itemId }) => itemId),
        );
      }),
    );
  });

  it('are short enough for a URL with the longest id of any characters', () => {
    for (const character of ['a', '\u0001', 'é', '"']) {
      const itemId = character.repeat(256 / Buffer.byteLength(character));
      const known = [{ itemId, score: 1 / 3 }];
      const of = '20260301T000000000Z';
      const { next } = pageByScore(known, { of, n: 1, cursor: undefined, isWhole: false });
      assert.ok(next!.length <= 1_000, `${next!.length} characters`);
      assert.equal(decodeScoreCursor(next!).itemId, itemId);
    }
  });

  it('are rejected where the generation has changed since, and where they are any other text', () => {
    const known = [
      { itemId: 'a', score: 1 },
      { itemId: 'b', score: 1 },
    ];
    const options = { n: 1, cursor: undefined, isWhole: true };
    const { next } = pageByScore(known, { ...options, of: 'g1' });
    assert.throws(() => pageByScore(known, { ...options, of: 'g2', cursor: next! }), {
      ...INVALID,
      message: /has changed since/,
    });
    const texts = ['["g1",1]', '["g1",1,"1","a"]', '["g1",-1,1,"a"]', '[1,1,1,"a"]', 'null', '["g1",1,1]'];
    for (const text of ['', 'x', ...texts.map((json) => Buffer.from(json).toString('base64url'))])
      assert.throws(() => decodeScoreCursor(text), INVALID, text);
  });
});
