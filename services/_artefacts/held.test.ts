import assert from 'node:assert/strict';
import { it } from 'node:test';
import { anArtefact } from './artefact.testing.ts';
import type { Artefact, ArtefactFormat } from './artefact.ts';
import { heldArtefacts } from './held.ts';

it('held artefacts are decoded once by each format, and only by one that they have', () => {
  const artefact = anArtefact({ bytes: Buffer.from('tea') });
  const held = heldArtefacts((model) => (model === 'pinsage' ? artefact : undefined));
  const formatOf = (end: string, format = 'tributary.test/1'): ArtefactFormat<{ text: string }> => ({
    model: 'pinsage',
    format,
    decode: ({ bytes }: Artefact) => ({ text: `${bytes}${end}` }),
  });
  const [plain, loud] = [formatOf(''), formatOf('!')];
  assert.deepEqual(
    [held.decoded(plain, 'g1'), held.decoded(loud, 'g1')],
    [{ text: 'tea' }, { text: 'tea!' }],
  );
  assert.equal(held.decoded(plain, 'g1'), held.decoded(plain, 'g1'));
  assert.equal(held.decoded(formatOf('', 'tributary.test/2'), 'g1'), undefined);
  assert.equal(held.decoded({ ...plain, model: 'latents' }, 'g1'), undefined);
});
