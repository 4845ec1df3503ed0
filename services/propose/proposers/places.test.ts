import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Artefact } from '#artefacts/artefact.ts';
import { heldArtefacts } from '#artefacts/held.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests } from '../interests.testing.ts';
import { places } from './places.ts';
import type { ListsForUsers, Resources } from './proposer.ts';

const { signal } = new AbortController();
const items = embeddedItems({ tea: [1, 0], mate: [1, 0], milk: [1, 0], nail: [1, 0] }, (itemId) =>
  itemId === 'milk' ? 1 : 0.5,
);
/** mate lies where tea does, milk is not far, and nail is elsewhere. */
const artefact = tablesArtefact({
  model: 'places',
  generation: 'g1',
  itemIds: ['tea', 'mate', 'milk', 'nail', 'gone'],
  tables: { units: { columns: 2, values: Float32Array.of(1, 0, 1, 0, 0.6, 0.8, 0, -1, 1, 0) } },
  card: '{}',
  trainedUpTo: null,
});

async function propose(recent: string[], read: (model: string) => Artefact | undefined = () => artefact) {
  const resources: Partial<Resources> = { embeddings: { find: () => items }, artefacts: heldArtefacts(read) };
  const model = places.create(resources, {
    settings: { popularityExponent: 1 },
    candidates: 3,
  }) as ListsForUsers;
  return (await model.propose([interests({ recent })], signal)).get('u1');
}

describe('neighbours among places', () => {
  it('neighbours among places are near the items of the window and popular, and none of them was taken', async () => {
    const list = await propose(['tea']);
    assert.equal(list?.generation, 'g1');
    assert.deepEqual(
      list?.items.map(({ itemId, score, popularity }) => [itemId, Number(score.toFixed(5)), popularity]),
      [
        ['milk', 0.6, 1],
        ['mate', 0.5, 0.5],
      ],
    );
    assert.deepEqual(
      (await propose(['tea', 'milk']))?.items.map(({ itemId }) => itemId),
      ['mate'],
    );
  });

  it('a user whose items have no places has an empty list', async () => {
    assert.deepEqual((await propose(['unknown']))?.items, []);
    assert.deepEqual((await propose([]))?.items, []);
  });

  it('a generation that was trained without places has no list of neighbours among them', async () => {
    assert.equal(await propose(['tea'], () => undefined), undefined);
    assert.equal(await propose(['tea'], () => ({ ...artefact, format: 'tributary.places/9' })), undefined);
  });

  it('broken places fail, which the stage counts', async () => {
    const broken = { ...artefact, bytes: artefact.bytes.subarray(0, -4) };
    await assert.rejects(
      propose(['tea'], () => broken),
      RangeError,
    );
  });
});
