import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidateSetFault, decodeFeatures, encodeFeatures } from './candidate-sets.ts';
import { aCandidateSet } from './records.testing.ts';

test('features are kept to the last bit', () => {
  const values = Float64Array.of(0.1, -0, 1e-310, Number.MAX_VALUE, 1 / 3);
  const decoded = decodeFeatures({ features: encodeFeatures(values) });
  assert.deepEqual([...decoded], [...values]);
  assert.ok(Object.is(decoded[1], -0));
});

test('the fault of an invalid set names its field', () => {
  const fault = (change: Parameters<typeof aCandidateSet>[0]) => {
    const value = aCandidateSet(change);
    const found = candidateSetFault({ value, key: value.userId });
    return found && `${found.field} ${found.reason}`;
  };
  assert.equal(fault({}), undefined);
  assert.match(fault({ size: 0 })!, /^size is 0/);
  assert.match(fault({ itemIds: ['tea', 'tea'] })!, /^itemIds has an item twice/);
  assert.match(fault({ features: Buffer.alloc(8) })!, /^features has 8 bytes, not 32/);
  const infinite = encodeFeatures(Float64Array.of(1, 2, 3, Number.POSITIVE_INFINITY));
  assert.match(fault({ features: infinite })!, /^features has a number that is not finite/);
  assert.match(fault({ rewardOffsets: [-2] })!, /^rewardOffsets has a number that is no offset/);
  assert.notEqual(candidateSetFault({ value: aCandidateSet(), key: 'another' }), undefined);
});
