import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXCEPTIONS, type Exception, readScores } from './lint.ts';

const check = (id: string, grade: number, summary: string, skipped = false) => ({
  check: { id },
  grade,
  skipped,
  comments: [{ path: 'stage', summary }],
});
const OUTPUT = JSON.stringify([
  {
    type_meta: { kind: 'Deployment' },
    object_meta: { name: 'gateway' },
    checks: [
      check('a', 1, 'bad'),
      check('b', 5, 'so so'),
      check('c', 10, 'good'),
      check('d', 1, 'not applicable', true),
    ],
  },
]);

describe('readScores', () => {
  it('counts what is bad or doubtful, and leaves out what is good or skipped', () => {
    assert.deepEqual(readScores(OUTPUT, []).findings, [
      'Deployment gateway: a: bad (stage)',
      'Deployment gateway: b: so so (stage)',
    ]);
  });

  it('counts exceptions apart, and reports which were used', () => {
    const exception: Exception = { check: 'b', objects: /gateway/, finding: /so/, reason: 'r' };
    const other: Exception = { check: 'a', objects: /index/, reason: 'r' };
    const { findings, excepted, used } = readScores(OUTPUT, [exception, other]);
    assert.equal(findings.length, 1);
    assert.equal(excepted, 1);
    assert.deepEqual([...used], [exception]);
  });

  it('every exception has a reason', () => {
    for (const { reason } of EXCEPTIONS) assert.match(reason, /^[A-Z].{20,}\.$/);
  });
});
