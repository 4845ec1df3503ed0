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

const LIST = { of: 'list', version: 'g1' };

describe('the cursors of lists', () => {
  it('lead through a list of any length, each entry once and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (list, n) => {
        const read: number[] = [];
        let cursor: string | undefined;
        do {
          const { entries, next } = pageOf(list, { ...LIST, n, cursor });
          read.push(...entries);
          cursor = next ?? undefined;
        } while (cursor !== undefined);
        assert.deepEqual(read, list);
      }),
    );
  });

  it('are rejected where the list has changed since, so that parts never mix', () => {
    const { next } = pageOf(['a', 'b'], { ...LIST, n: 1, cursor: undefined });
    assert.throws(() => pageOf(['b', 'a'], { ...LIST, version: 'g2', n: 1, cursor: next! }), {
      ...INVALID,
      message: /has changed since/,
    });
  });

  it('are rejected where they belong to another list, also one of the same version', () => {
    const { next } = pageOf(['a', 'b'], { of: 'interests/1', version: 'g1', n: 1, cursor: undefined });
    for (const version of ['g1', 'g2'])
      assert.throws(() => pageOf(['a', 'b'], { of: 'interests/2', version, n: 1, cursor: next! }), {
        ...INVALID,
        message: /belongs to another list/,
      });
  });

  it('are rejected where they are any other text', () => {
    for (const text of [
      '',
      'x',
      '7',
      encodeCursor(LIST, -1),
      encodeCursor(LIST, 0.5),
      Buffer.from('[7,1]').toString('base64url'),
      Buffer.from('["g1",1]').toString('base64url'),
      Buffer.from('null').toString('base64url'),
    ])
      assert.throws(() => decodeCursor(text, LIST.of), { ...INVALID, message: /is none/ }, text);
    const list = { of: 'ü', version: 'g1/ü' };
    assert.deepEqual(decodeCursor(encodeCursor(list, 3), list.of), { version: 'g1/ü', from: 3 });
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
      const wanted = (cursor === undefined ? 0 : decodeScoreCursor(cursor, LIST.of).from) + n + 1;
      const known = inOrder(at(part)).slice(0, wanted);
      const { entries, next } = pageByScore(known, { ...LIST, n, cursor, isWhole: known.length < wanted });
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
      const of = `similar/${itemId}`;
      const version = '20260301T000000000Z';
      const { next } = pageByScore(known, { of, version, n: 1, cursor: undefined, isWhole: false });
      assert.ok(next!.length <= 1_000, `${next!.length} characters`);
      assert.equal(decodeScoreCursor(next!, of).itemId, itemId);
    }
  });

  it('are rejected where the generation has changed since, and where they are any other text', () => {
    const known = [
      { itemId: 'a', score: 1 },
      { itemId: 'b', score: 1 },
    ];
    const options = { ...LIST, n: 1, cursor: undefined, isWhole: true };
    const { next } = pageByScore(known, options);
    assert.throws(() => pageByScore(known, { ...options, version: 'g2', cursor: next! }), {
      ...INVALID,
      message: /has changed since/,
    });
    const [digest] = JSON.parse(Buffer.from(next!, 'base64url').toString()) as [string];
    const tails = ['1', '1,"1","a"', '-1,1,"a"', '1,1', '1,1,7'];
    const texts = [
      ...tails.map((tail) => `["${digest}","g1",${tail}]`),
      '["g1",1,1,"a"]',
      '[1,1,1,1,"a"]',
      'null',
    ];
    for (const text of ['', 'x', ...texts.map((json) => Buffer.from(json).toString('base64url'))])
      assert.throws(() => decodeScoreCursor(text, LIST.of), { ...INVALID, message: /is none/ }, text);
  });

  it('are rejected where they belong to the list of another item, or to a list of another kind', () => {
    const known = [
      { itemId: 'a', score: 1 },
      { itemId: 'b', score: 1 },
    ];
    const options = { version: 'g1', n: 1, isWhole: true };
    const another = { ...INVALID, message: /belongs to another list/ };
    const { next } = pageByScore(known, { ...options, of: 'similar/1', cursor: undefined });
    assert.throws(() => pageByScore(known, { ...options, of: 'similar/2', cursor: next! }), another);
    const ofInterests = encodeCursor({ of: 'interests/1', version: 'g1' }, 1);
    assert.throws(() => pageByScore(known, { ...options, of: 'similar/1', cursor: ofInterests }), another);
  });
});
