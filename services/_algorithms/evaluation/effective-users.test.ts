import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveUsersOf } from './effective-users.ts';

test('users with equally many slates count in full, one with most of them hardly counts as more than one, and nobody as none', () => {
  assert.equal(effectiveUsersOf(4 * 7, 4 * 49), 4);
  assert.ok(Math.abs(effectiveUsersOf(1_000 + 9, 1_000_000 + 9) - 1.018) < 1e-3);
  assert.equal(effectiveUsersOf(0, 0), 0);
});
