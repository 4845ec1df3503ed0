import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { traceIdOf } from './trace.testing.ts';
import { nextSpan } from './trace.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a trace', () => {
  it('a trace continues through its spans', () => {
    const child = nextSpan(PARENT);
    assert.equal(traceIdOf(child), '0af7651916cd43dd8448eb211c80319c');
    assert.notEqual(child, PARENT);
    assert.notEqual(nextSpan(PARENT), child);
  });

  it('a new trace starts if the header is missing or malformed', () => {
    for (const parent of [undefined, '', 'nonsense', PARENT.toUpperCase(), `${PARENT}-00`]) {
      assert.equal(traceIdOf(parent), undefined);
      const id = traceIdOf(nextSpan(parent));
      assert.match(id ?? '', /^[0-9a-f]{32}$/);
      assert.notEqual(traceIdOf(nextSpan(parent)), id);
    }
  });
});
