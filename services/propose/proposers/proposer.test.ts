import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { number } from '#platform/config.ts';
import { defineProposer, type Resources } from './proposer.ts';

const size = number('SIZE', { fallback: 3, minimum: 1, maximum: 9, summary: 'a size' });

describe('the declaration of a model', () => {
  it('a model is given the resources and settings that it declares, and no others', () => {
    let given: object = {};
    const model = defineProposer({
      name: 'a',
      explanation: '',
      needs: ['index'],
      settings: { size },
      create: (received) => {
        given = received;
        return { everyMs: received.settings.size, propose: async () => undefined };
      },
    });
    const [index, popularity] = [{}, {}] as [Resources['index'], Resources['popularity']];
    model.create({ index, popularity }, { settings: { size: 5 }, candidates: 7 });
    assert.deepEqual(given, { index, settings: { size: 5 }, candidates: 7 });
  });

  it('the compiler rejects a model that uses what it does not declare', () => {
    const declared = { name: 'a', explanation: '', settings: {} };
    const list = { everyMs: 1, propose: async () => undefined };
    // @ts-expect-error popularity is not among the needs
    defineProposer({ ...declared, needs: ['index'], create: ({ popularity }) => (popularity ? list : list) });
    // @ts-expect-error the setting is not declared
    defineProposer({ ...declared, needs: [], create: ({ settings }) => (settings.size ? list : list) });
    // @ts-expect-error a model that needs interests proposes for each user
    defineProposer({ ...declared, needs: ['interests'], create: () => list });
    // @ts-expect-error a model that needs artefacts names them
    defineProposer({ ...declared, needs: ['artefacts'], create: () => list });
  });
});
