import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BEHAVIOUR_FORMAT, behaviourArtefact, type NamedFactors } from './behaviour.ts';

const MODEL: NamedFactors = {
  itemIds: ['tea', 'grüner Tee'],
  factors: {
    rank: 2,
    units: Float32Array.of(1, 0, 0, -1),
    fold: Float64Array.of(0.5, 0.25),
    offer: Float64Array.of(2, 3),
  },
};

describe('the artefact of behaviour', () => {
  const artefact = behaviourArtefact('g1', MODEL, 5);

  it('the artefact of behaviour holds the factors and the ids of the items', () => {
    assert.equal(artefact.model, BEHAVIOUR_FORMAT.model);
    assert.equal(artefact.format, BEHAVIOUR_FORMAT.format);
    assert.deepEqual(BEHAVIOUR_FORMAT.decode(artefact), MODEL);
  });

  it('malformed bytes are refused with a reason', () => {
    const decode = (bytes: Buffer) => BEHAVIOUR_FORMAT.decode({ ...artefact, bytes });
    assert.throws(() => decode(Buffer.alloc(2)), /truncated/);
    assert.throws(() => decode(artefact.bytes.subarray(0, 6)), /truncated/);
    assert.throws(() => decode(artefact.bytes.subarray(0, -4)), /28 bytes for 8 numbers/);
    const odd = Buffer.from(artefact.bytes);
    odd.writeFloatLE(Number.NaN, odd.length - 4);
    assert.throws(() => decode(odd), /factors of behaviour is NaN at component 7/);
  });
});
