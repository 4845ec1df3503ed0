import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeCursor, encodeCursor, pageOf } from './cursors.ts';

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
