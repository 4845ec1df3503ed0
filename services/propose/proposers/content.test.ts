import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldArtefacts } from '#artefacts/held.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests } from '../interests.testing.ts';
import { content } from './content.ts';
import type { ListsForUsers } from './proposer.ts';

test('items of like content are those near the latest items, and none for a generation without content', async () => {
  const items = embeddedItems({ tea: [1, 0], mate: [1, 0], nail: [1, 0] });
  const artefact = tablesArtefact({
    model: 'content',
    generation: 'g1',
    itemIds: ['tea', 'mate', 'nail'],
    tables: { units: { columns: 2, values: Float32Array.of(1, 0, 0.8, 0.6, -1, 0) } },
    card: '{}',
    trainedUpTo: null,
  });
  const listOf = async (isTrained: boolean) => {
    const artefacts = heldArtefacts(() => (isTrained ? artefact : undefined));
    const given = { settings: { popularityExponent: 1, latest: 5 }, candidates: 9 };
    const model = content.create({ embeddings: { find: () => items }, artefacts }, given) as ListsForUsers;
    const lists = await model.propose([interests({ recent: ['tea'] })], new AbortController().signal);
    return lists.get('u1')?.items.map(({ itemId }) => itemId);
  };
  assert.deepEqual(await listOf(true), ['mate']);
  assert.equal(await listOf(false), undefined);
});
