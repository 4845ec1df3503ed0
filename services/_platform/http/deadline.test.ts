import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEADLINE_HEADER, waitOfCaller } from './deadline.ts';

test('a caller waits for as long as its header says, but no longer than allowed', () => {
  for (const [value, expected] of [
    ['1500', 1_500],
    ['0', 0],
    ['2001', 2_000],
    ['999999999999', 2_000],
    [undefined, 2_000],
    ['', 2_000],
    ['-1', 2_000],
    ['1e3', 2_000],
    ['soon', 2_000],
    ['9'.repeat(400), 2_000],
  ] as const) {
    assert.equal(
      waitOfCaller(value === undefined ? {} : { [DEADLINE_HEADER]: value }, 2_000),
      expected,
      value,
    );
  }
});
