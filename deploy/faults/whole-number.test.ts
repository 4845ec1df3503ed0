import assert from 'node:assert/strict';
import { it } from 'node:test';
import { wholeNumber } from './whole-number.ts';

it('an option of the faults is a whole number above 0, or refused by its name', () => {
  assert.equal(wholeNumber('kills', '20'), 20);
  for (const text of ['', '0', '-1', '1.5', 'abc', '1e3'])
    assert.throws(() => wholeNumber('kills', text), /--kills must be a whole number from 1/);
});
