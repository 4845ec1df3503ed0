import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultSentence, fieldPath } from './fault.ts';

describe('the path of a part', () => {
  it('writes places in brackets and names after a dot', () => {
    assert.equal(fieldPath([]), '');
    assert.equal(fieldPath(['slots', '2', 'itemId']), 'slots[2].itemId');
    assert.equal(fieldPath(['3', 'x']), '[3].x');
  });
});

describe('the sentence of a fault', () => {
  it('begins the sentence of a fault with its field, if the fault has a field', () => {
    assert.equal(faultSentence({ field: 'size', reason: 'must be integer' }), 'size must be integer');
    assert.equal(faultSentence({ field: '', reason: 'must be object' }), 'must be object');
  });
});
