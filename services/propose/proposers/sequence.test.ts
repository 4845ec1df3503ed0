import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { type SequenceNetwork, sequenceState } from '#algorithms/sequence/network.ts';
import { dot, row } from '#algorithms/vectors.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { heldArtefacts } from '#artefacts/held.ts';
import { SEQUENCE_FORMAT, sequenceTables } from '#artefacts/sequence.ts';
import { type Tables, tablesArtefact } from '#artefacts/tables.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests } from '../interests.testing.ts';
import type { ListsForUsers, Resources } from './proposer.ts';
import { sequence } from './sequence.ts';

const { signal } = new AbortController();
const DIM = 3;
const LOOK_BACK = 2;
const ITEMS = Array.from({ length: 40 }, (_, i) => `item ${i}`);
const random = createRandom('sequence lists');
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
const GRU: SequenceNetwork = {
  kind: 'gru',
  weights: {
    inputs: DIM,
    hidden: DIM,
    input: normals(3 * DIM * DIM),
    recurrent: normals(3 * DIM * DIM),
    bias: normals(3 * DIM),
    resetBias: normals(DIM),
  },
};
const ATTENTION: SequenceNetwork = {
  kind: 'attention',
  weights: {
    hidden: DIM,
    heads: 1,
    positions: normals(LOOK_BACK * DIM),
    projections: normals(3 * DIM * DIM),
    output: normals(DIM * DIM),
    inner: normals(DIM * DIM),
    innerBias: normals(DIM),
    outer: normals(DIM * DIM),
    outerBias: normals(DIM),
    norms: normals(6 * DIM),
  },
};
const model = { network: GRU, vectors: normals(ITEMS.length * DIM), offsets: normals(ITEMS.length) };
const released = (tables: Tables) =>
  tablesArtefact({
    model: 'sequence',
    generation: 'g1',
    itemIds: ITEMS,
    tables,
    card: '{}',
    trainedUpTo: null,
  });
const artefact = released(sequenceTables(model, LOOK_BACK));
/** All but the last item of the model, and one that it does not know. */
const items = embeddedItems(
  Object.fromEntries([...ITEMS.slice(0, -1), 'new'].map((id) => [id, [1, 0]])),
  () => 0.5,
);

async function propose(recent: string[], read: (model: string) => Artefact | undefined = () => artefact) {
  const resources: Partial<Resources> = { embeddings: { find: () => items }, artefacts: heldArtefacts(read) };
  const proposer = sequence.create(resources, { settings: {}, candidates: 10 }) as ListsForUsers;
  return (await proposer.propose([interests({ recent })], signal)).get('u1');
}

describe('the list of the model of sequences', () => {
  for (const network of [GRU, ATTENTION])
    it(`the list has the items of the highest logit after the latest items, oldest first, and none that was taken: ${network.kind}`, async () => {
      const read = released(sequenceTables({ ...model, network }, LOOK_BACK));
      const list = await propose(['item 3', 'item 7', 'item 9', 'unknown'], () => read);
      // The look-back is two items: 7, then 3.
      const state = sequenceState(network, [row(model.vectors, 7, DIM), row(model.vectors, 3, DIM)]);
      const logits = ITEMS.map((_, i) => dot(state, row(model.vectors, i, DIM)) + model.offsets[i]!);
      const mean = logits.reduce((sum, one) => sum + one, 0) / ITEMS.length;
      const expected = [...logits.keys()]
        .filter((i) => ![3, 7, 9, ITEMS.length - 1].includes(i) && logits[i]! > mean)
        .sort((a, b) => logits[b]! - logits[a]!)
        .slice(0, 10);
      assert.equal(list?.generation, 'g1');
      assert.deepEqual(
        list?.items.map(({ itemId }) => itemId),
        expected.map((i) => ITEMS[i]),
      );
      for (const [place, { score, popularity }] of list!.items.entries()) {
        assert.ok(Math.abs(score - (logits[expected[place]!]! - mean)) < 1e-5);
        assert.equal(popularity, 0.5);
      }
    });

  it('a user of whose items the model knows none has an empty list of it', async () => {
    assert.deepEqual((await propose(['unknown']))?.items, []);
  });

  it('a generation that was trained without a model of sequences has no list of it', async () => {
    assert.equal(await propose(['item 1'], () => undefined), undefined);
  });

  it('a model of sequences with matrices of other shapes is refused with the name of the matrix', () => {
    const tables = { ...sequenceTables(model, LOOK_BACK), recurrent: { columns: 9, values: normals(18) } };
    const odd = tablesArtefact({ ...artefact, itemIds: ITEMS, tables });
    assert.throws(
      () => SEQUENCE_FORMAT.decode(odd),
      /table recurrent holds 18 numbers in rows of 9, not 3 × 9/,
    );
    const blind = tablesArtefact({ ...artefact, itemIds: ITEMS, tables: sequenceTables(model, 0) });
    assert.throws(() => SEQUENCE_FORMAT.decode(blind), /looks 0 items back/);
  });

  it('a model of self-attention with heads or positions that do not fit is refused', () => {
    const tables = sequenceTables({ ...model, network: ATTENTION }, LOOK_BACK);
    assert.deepEqual(SEQUENCE_FORMAT.decode(released(tables)).network, ATTENTION);
    for (const heads of [0, 2, 1.5]) {
      const odd = released({ ...tables, heads: { columns: 1, values: Float32Array.of(heads) } });
      assert.throws(() => SEQUENCE_FORMAT.decode(odd), new RegExp(`has ${heads} heads for 3 numbers`));
    }
    const longer = released({ ...tables, lookBack: { columns: 1, values: Float32Array.of(3) } });
    assert.throws(
      () => SEQUENCE_FORMAT.decode(longer),
      /table positions holds 6 numbers in rows of 3, not 3 × 3/,
    );
  });
});
