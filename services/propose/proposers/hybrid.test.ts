import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldArtefacts } from '#artefacts/held.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests } from '../interests.testing.ts';
import { hybrid } from './hybrid.ts';
import type { ListsForUsers } from './proposer.ts';

const { signal } = new AbortController();
const items = embeddedItems({ tea: [1, 0], mate: [1, 0], nail: [1, 0], screw: [1, 0] });
const artefact = tablesArtefact({
  model: 'hybrid',
  generation: 'g1',
  itemIds: ['tea', 'mate', 'nail', 'screw'],
  tables: { units: { columns: 2, values: Float32Array.of(1, 0, 0.8, 0.6, 0, 1, -0.6, 0.8) } },
  card: '{}',
  trainedUpTo: null,
});

async function propose(recent: string[], isTrained = true) {
  const artefacts = heldArtefacts(() => (isTrained ? artefact : undefined));
  const settings = { popularityExponent: 1, latest: 1 };
  const model = hybrid.create({ embeddings: { find: () => items }, artefacts }, { settings, candidates: 9 });
  return (await (model as ListsForUsers).propose([interests({ recent })], signal)).get('u1');
}

describe('items similar to the last ones', () => {
  it('items similar to the last ones are those near the latest item, without any item of the window', async () => {
    assert.deepEqual(
      (await propose(['nail', 'tea']))?.items.map(({ itemId, score }) => [itemId, Number(score.toFixed(5))]),
      [
        ['screw', 0.8],
        ['mate', 0.6],
      ],
    );
  });

  it('a generation that was trained without hybrid vectors has no list of them', async () => {
    assert.equal(await propose(['tea'], false), undefined);
  });
});
