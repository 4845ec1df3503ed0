import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidateSetFault, decodeFeatures, encodeFeatures, loggableFeatures } from './candidate-sets.ts';
import { aCandidateSet } from './records.testing.ts';

test('features that a set can hold are kept to the last bit, in two bytes each', () => {
  const values = loggableFeatures(Float64Array.of(0.1, -0, 1e-310, 1_000, 1 / 3, -5.9));
  const bytes = encodeFeatures(values);
  assert.equal(bytes.length, 2 * values.length);
  const decoded = decodeFeatures({ features: bytes, featureBytes: 2 });
  assert.deepEqual([...decoded], [...values]);
  assert.ok(Object.is(decoded[1], -0));
  assert.ok(Math.abs(decoded[4]! - 1 / 3) < 2 ** -12);
});

test('a set of an earlier version has features of eight bytes, which are read as they are', () => {
  const values = Float64Array.of(0.1, -0, 1e-310, Number.MAX_VALUE, 1 / 3);
  const features = Buffer.from(values.buffer);
  assert.deepEqual([...decodeFeatures({ features, featureBytes: 8 })], [...values]);
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
  assert.match(fault({ features: Buffer.alloc(7) })!, /^features has 7 bytes, not 8/);
  assert.match(fault({ featureBytes: 8 })!, /^features has 8 bytes, not 32/);
  assert.match(fault({ featureBytes: 4 })!, /^featureBytes is 4; it must be 2 or 8/);
  assert.match(fault({ kinds: [0] })!, /^kinds has 1 entries for 2 items/);
  assert.match(fault({ kinds: [0, 2] })!, /^kinds has a number that is no kind/);
  assert.match(fault({ terms: [[], [1], [2]] })!, /^terms has 3 entries for 2 items/);
  assert.equal(fault({ kinds: [0, -1], terms: [[], [4]] }), undefined);
  const infinite = Buffer.from([0, 0, 0, 0, 0, 0, 0x00, 0x7c]);
  assert.match(fault({ features: infinite })!, /^features has a number that is not finite/);
  assert.match(fault({ rewardOffsets: [-2] })!, /^rewardOffsets has a number that is no offset/);
  assert.notEqual(candidateSetFault({ value: aCandidateSet(), key: 'another' }), undefined);
});
