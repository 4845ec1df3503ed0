import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextSpan, parseTrace } from './trace.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a trace', () => {
  it('a trace continues through its spans', () => {
    const child = nextSpan(PARENT);
    assert.equal(parseTrace(child)?.traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.notEqual(child, PARENT);
    assert.notEqual(nextSpan(PARENT), child);
  });

  it('a new trace starts if the header is missing or malformed', () => {
    for (const parent of [undefined, '', 'nonsense', PARENT.toUpperCase(), `${PARENT}-00`]) {
      assert.equal(parseTrace(parent), undefined);
      const id = parseTrace(nextSpan(parent))?.traceId;
      assert.match(id ?? '', /^[0-9a-f]{32}$/);
      assert.notEqual(parseTrace(nextSpan(parent))?.traceId, id);
    }
  });

  it('a trace keeps the flag of its caller, and one that begins without a tracer is not recorded', () => {
    assert.equal(parseTrace(nextSpan(PARENT))?.isRecorded, true);
    assert.equal(parseTrace(nextSpan(`${PARENT.slice(0, -2)}00`))?.isRecorded, false);
    assert.equal(parseTrace(nextSpan(`${PARENT.slice(0, -2)}03`))?.isRecorded, true);
    assert.equal(parseTrace(nextSpan())?.isRecorded, false);
  });
});
