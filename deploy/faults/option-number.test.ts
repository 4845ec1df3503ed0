import assert from 'node:assert/strict';
import { it } from 'node:test';
import { optionNumber } from './option-number.ts';

it('an option of the faults is a whole number from its least value on, or refused by its name', () => {
  assert.equal(optionNumber('kills', '20'), 20);
  assert.equal(optionNumber('from', '0', 0), 0);
  assert.throws(() => optionNumber('from', '-1', 0), /--from must be a whole number from 0/);
  for (const text of ['', '0', '-1', '1.5', 'abc', '1e3', '10000000'])
    assert.throws(() => optionNumber('kills', text), /--kills must be a whole number from 1/);
});
