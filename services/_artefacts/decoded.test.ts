import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anArtefact, putArtefact, readerOf } from './artefact.testing.ts';
import type { ArtefactFormat } from './artefact.ts';
import { DecodedArtefacts } from './decoded.ts';

describe('decoded artefacts', () => {
  it('an artefact is decoded once, at its first request, and another artefact is decoded by itself', async () => {
    const { reader, log, warnings } = readerOf('pinsage');
    let decoded = 0;
    const format: ArtefactFormat<string> = {
      model: 'pinsage',
      format: 'tributary.test/1',
      decode({ bytes }) {
        decoded++;
        if (bytes.length === 0) throw new RangeError('no bytes');
        return bytes.toString();
      },
    };
    const texts = new DecodedArtefacts(reader, format, log);
    await putArtefact(reader, anArtefact({ bytes: Buffer.from('tea') }));
    assert.equal(decoded, 0);
    assert.deepEqual([texts.get('g1'), texts.get('g1'), decoded], ['tea', 'tea', 1]);
    await putArtefact(reader, anArtefact({ generation: 'g2', bytes: Buffer.of() }));
    assert.deepEqual([texts.get('g2'), texts.get('g2'), decoded], [undefined, undefined, 2]);
    assert.deepEqual(warnings, [{ artefact: 'pinsage/g2', reason: 'no bytes' }]);
    await putArtefact(reader, anArtefact({ generation: 'g3', format: 'tributary.test/2' }));
    assert.deepEqual([texts.get('g3'), texts.get('g3'), decoded], [undefined, undefined, 2]);
    assert.deepEqual(warnings.slice(1), [
      {
        artefact: 'pinsage/g3',
        reason: 'its format is tributary.test/2, not tributary.test/1: the next training writes it anew',
      },
    ]);
    reader.drain('g1');
    assert.equal(texts.get('g1'), undefined);
  });
});
