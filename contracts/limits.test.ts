import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isId, MAX_ID_BYTES } from './limits.ts';

describe('isId', () => {
  it('counts bytes, not characters', () => {
    assert.equal(isId('é'.repeat(MAX_ID_BYTES / 2)), true);
    assert.equal(isId(`${'é'.repeat(MAX_ID_BYTES / 2)}x`), false);
    assert.equal(isId('x'.repeat(MAX_ID_BYTES + 1)), false);
  });

  it('refuses the empty text', () => {
    assert.equal(isId(''), false);
  });
});
