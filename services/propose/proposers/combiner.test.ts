import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TAKER_HALF_LIVES, TRAITS } from '#algorithms/combiner/traits.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { COMBINER_FORMAT, combinerTables } from '#artefacts/combiner.ts';
import { heldArtefacts } from '#artefacts/held.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests } from '../interests.testing.ts';
import { combiner } from './combiner.ts';
import type { ListsForUsers, Resources } from './proposer.ts';

const { signal } = new AbortController();
const BOUGHT = { types: ['buy'], recentTypes: [] };
const items = embeddedItems({ tea: [1, 0], mate: [1, 0], milk: [1, 0], nail: [1, 0] }, (itemId) =>
  itemId === 'milk' ? 1 : 0.5,
);
const ITEM_IDS = ['tea', 'mate', 'milk', 'nail', 'gone'];
const TAKERS = [5, 9, 2, 7, 8];

/** The takers of the log are those of the training. */
const countsOfTraining = (itemId: string): number[] =>
  TAKER_HALF_LIVES.map(() => TAKERS[ITEM_IDS.indexOf(itemId)]! - 0.1);

/** Only the number of takers counts, which is the first trait. */
const artefact = tablesArtefact({
  model: 'combiner',
  generation: 'g1',
  itemIds: ITEM_IDS,
  tables: combinerTables({
    factors: [
      {
        rank: 2,
        units: Float32Array.of(1, 0, 1, 0, 1, 0, 1, 0, 1, 0),
        fold: new Float64Array(5).fill(1),
        offer: Float64Array.of(1, 2, 3, 4, 5),
      },
    ],
    groups: { levels: 0, of: new Int32Array(0) },
    traits: Float32Array.from(TAKERS.flatMap((takers) => TRAITS.map(() => Math.log(takers)))),
    weights: Float64Array.from({ length: 2 + TRAITS.length }, (_, i) => (i === 2 ? 1 : 0)),
    lifts: Float32Array.of(0, 0, 0.75, 0, 0),
  }),
  card: '{}',
  trainedUpTo: null,
});

/** Tea and mate have one taste, nail and milk another, and only the factors count. */
const tasteArtefact = tablesArtefact({
  model: 'combiner',
  generation: 'g1',
  itemIds: ITEM_IDS,
  tables: combinerTables({
    factors: [
      {
        rank: 4,
        units: Float32Array.of(
          ...[1, 0, 0, 0],
          ...[1, 0, 0, 0],
          ...[0, 1, 0, 0],
          ...[0, 1, 0, 0],
          ...[0, 0, 1, 0],
        ),
        fold: new Float64Array(5).fill(1),
        offer: Float64Array.of(1, 2, 1, 1, 1),
      },
    ],
    groups: { levels: 0, of: new Int32Array(0) },
    traits: Float32Array.from(TAKERS.flatMap((takers) => TRAITS.map(() => Math.log(takers)))),
    weights: Float64Array.from({ length: 2 + TRAITS.length }, (_, i) => (i < 2 ? 1 : 0)),
    lifts: new Float32Array(5),
  }),
  card: '{}',
  trainedUpTo: null,
});

async function propose(
  recent: string[],
  read: (model: string) => Artefact | undefined = () => artefact,
  mostLift = 0,
  types: Partial<UserInterests> = BOUGHT,
  countsOf = countsOfTraining,
) {
  const resources: Partial<Resources> = {
    embeddings: { find: () => items },
    artefacts: heldArtefacts(read),
    takers: { countsOf },
  };
  const model = combiner.create(resources, { settings: { mostLift }, candidates: 2 }) as ListsForUsers;
  return (await model.propose([interests({ recent, ...types })], signal)).get('u1');
}

describe('the combiner', () => {
  it('the combiner orders candidates by the learned weights, without items of the window and items that may not be proposed', async () => {
    const list = await propose(['tea']);
    assert.equal(list?.generation, 'g1');
    assert.deepEqual(
      list?.items.map(({ itemId, score, popularity }) => [itemId, Number(score.toFixed(4)), popularity]),
      [
        ['mate', Number(Math.log(9).toFixed(4)), 0.5],
        ['nail', Number(Math.log(7).toFixed(4)), 0.5],
      ],
    );
  });

  it('an item that nobody would see rises by what it lacks, as far as the setting allows', async () => {
    const scoresBy = async (mostLift: number) => {
      const list = await propose(['mate', 'nail'], () => artefact, mostLift);
      return list?.items.map(({ itemId, score }) => [itemId, Number(score.toFixed(4))]);
    };
    const [tea, milk] = [Math.log(5), Math.log(2)].map((score) => Number(score.toFixed(4)));
    assert.deepEqual(await scoresBy(0), [
      ['tea', tea],
      ['milk', milk],
    ]);
    assert.deepEqual(await scoresBy(0.5), [
      ['tea', tea],
      ['milk', Number((Math.log(2) + 0.5).toFixed(4))],
    ]);
    assert.deepEqual((await scoresBy(1))?.at(-1), ['milk', Number((Math.log(2) + 0.75).toFixed(4))]);
  });

  it('the traits of items follow the takers of the log, whatever they were at the training', async () => {
    const seasonal: Artefact = tablesArtefact({
      ...{ model: 'combiner', generation: 'g1', card: '{}', trainedUpTo: null },
      itemIds: ITEM_IDS,
      tables: combinerTables({
        ...COMBINER_FORMAT.decode(artefact),
        weights: Float64Array.from({ length: 2 + TRAITS.length }, (_, i) => (i === 3 ? 1 : 0)),
      }),
    });
    const taken: Readonly<Record<string, number>> = { milk: 9, nail: 3 };
    const countsOf = (itemId: string) => TAKER_HALF_LIVES.map(() => taken[itemId] ?? 0);
    const list = await propose(['tea'], () => seasonal, 0, BOUGHT, countsOf);
    assert.deepEqual(
      list?.items.map(({ itemId, score }) => [itemId, Number(score.toFixed(4))]),
      [
        ['milk', Number(Math.log(9.1).toFixed(4))],
        ['nail', Number(Math.log(3.1).toFixed(4))],
      ],
    );
  });

  it('a candidate names the item of the user that made it, and one that no item made is popular', async () => {
    const read = () => tasteArtefact;
    const reasonsOf = async (types?: Partial<UserInterests>) =>
      (await propose(['tea', 'nail'], read, 0, types))?.items.map(({ itemId, because, explanation }) => [
        itemId,
        because?.itemId,
        because?.type,
        explanation,
      ]);
    const because = 'because you {deed} {cause}';
    assert.deepEqual(await reasonsOf(), [
      ['mate', 'tea', 'buy', because],
      ['milk', 'nail', 'buy', because],
    ]);
    const mixed = { types: ['hide', 'view'], recentTypes: [0, 1] };
    // What the user hid brings no candidate.
    assert.deepEqual(await reasonsOf(mixed), [
      ['milk', 'nail', 'view', because],
      ['mate', undefined, undefined, 'popular'],
    ]);
    const unknown = await reasonsOf({ types: [], recentTypes: [] });
    assert.ok(unknown!.every(([, cause, , explanation]) => cause === undefined && explanation === 'popular'));
  });

  it('the only item of a user is the reason of what is not popular', async () => {
    const list = await propose(['nail'], () => tasteArtefact);
    const reasons = list?.items.map(({ itemId, because, explanation }) => [
      itemId,
      because?.itemId,
      explanation,
    ]);
    assert.deepEqual(reasons, [
      ['milk', 'nail', 'because you {deed} {cause}'],
      ['mate', undefined, 'popular'],
    ]);
  });

  it('the combiner has an empty list for a user of whom it knows no item, so that the other lists count', async () => {
    assert.deepEqual((await propose(['unknown']))?.items, []);
  });

  it('the combiner has no list for a generation that was released without it', async () => {
    assert.equal(await propose(['tea'], () => undefined), undefined);
  });

  it('the combiner fails for a broken artefact, which the stage counts', async () => {
    const broken = { ...artefact, bytes: artefact.bytes.subarray(0, -4) };
    await assert.rejects(
      propose(['tea'], () => broken),
      RangeError,
    );
  });
});
