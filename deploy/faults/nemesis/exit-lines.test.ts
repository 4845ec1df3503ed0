import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitLines } from './exit-lines.ts';

test('the lines of an exit are the last errors and the last lines', () => {
  const warnings = Array.from({ length: 30 }, (_, i) => JSON.stringify({ level: 40, msg: `retry ${i}` }));
  const fatal = JSON.stringify({ level: 60, msg: 'stopping before the commit' });
  const lines = exitLines([fatal, ...warnings, 'not JSON', ''].join('\n'));
  assert.equal(lines[0], fatal);
  assert.equal(lines.at(-1), 'not JSON');
  assert.equal(lines.length, 13);
});

test('the lines of an exit are cut to a bounded length, and an empty log has none', () => {
  assert.ok(exitLines('x'.repeat(10_000))[0]!.length < 2_100);
  assert.deepEqual(exitLines(''), []);
});
