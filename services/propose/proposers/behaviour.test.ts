import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Artefact } from '#artefacts/artefact.ts';
import { behaviourArtefact } from '#artefacts/behaviour.ts';
import { heldArtefacts } from '#artefacts/held.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests } from '../interests.testing.ts';
import { behaviour } from './behaviour.ts';
import type { ListsForUsers, Resources } from './proposer.ts';

const { signal } = new AbortController();
const items = embeddedItems(
  { tea: [1, 0], mate: [1, 0], milk: [1, 0], nail: [1, 0], new: [1, 0] },
  (itemId) => (itemId === 'milk' ? 1 : 0.5),
);
/** tea, mate and milk are taken together; "gone" may not be proposed any more. */
const artefact = behaviourArtefact(
  'g1',
  {
    itemIds: ['tea', 'mate', 'milk', 'nail', 'gone'],
    factors: {
      rank: 2,
      units: Float32Array.of(1, 0, 1, 0, 0.6, 0.8, 0, 1, 1, 0),
      fold: Float64Array.of(1, 2, 1, 1, 1),
      offer: Float64Array.of(1, 1, 3, 1.5, 9),
    },
  },
  null,
);

async function propose(
  recent: string[],
  read: (model: string) => Artefact | undefined = () => artefact,
  types: Partial<UserInterests> = {},
) {
  const resources: Partial<Resources> = { embeddings: { find: () => items }, artefacts: heldArtefacts(read) };
  const model = behaviour.create(resources, { settings: {}, candidates: 3 }) as ListsForUsers;
  return (await model.propose([interests({ recent, ...types })], signal)).get('u1');
}

describe('behaviour', () => {
  it('behaviour proposes what is taken with the items of the window, by the factors of the generation', async () => {
    const list = await propose(['tea']);
    assert.equal(list?.generation, 'g1');
    assert.deepEqual(
      list?.items.map(({ itemId, score, popularity }) => [itemId, Number(score.toFixed(5)), popularity]),
      [
        ['milk', 1.8, 1],
        ['mate', 1, 0.5],
      ],
    );
  });

  it('behaviour leaves out items of the window and items that may not be proposed', async () => {
    const list = await propose(['tea', 'milk', 'unknown']);
    assert.deepEqual(
      list?.items.map(({ itemId }) => itemId),
      ['mate', 'nail'],
    );
    assert.deepEqual((await propose(['unknown']))?.items, []);
  });

  it('behaviour proposes nothing because of an item that the user hid, nor that item', async () => {
    const read = () => artefact;
    assert.deepEqual((await propose(['tea'], read, { types: ['hide'] }))?.items, []);
    const mixed = await propose(['tea', 'nail'], read, { types: ['hide', 'buy'], recentTypes: [0, 1] });
    const liked = await propose(['nail'], read, { types: ['buy'] });
    assert.deepEqual(
      mixed?.items,
      liked?.items.filter(({ itemId }) => itemId !== 'tea'),
    );
  });

  it('behaviour has no list for a generation that was trained without factors', async () => {
    assert.equal(await propose(['tea'], () => undefined), undefined);
    assert.equal(await propose(['tea'], () => ({ ...artefact, format: 'tributary.behaviour/9' })), undefined);
  });

  it('behaviour fails for a broken artefact, which the stage counts', async () => {
    const broken = { ...artefact, bytes: artefact.bytes.subarray(0, -4) };
    await assert.rejects(
      propose(['tea'], () => broken),
      RangeError,
    );
  });
});
