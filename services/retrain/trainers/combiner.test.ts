import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import { createRandom } from '#algorithms/random.ts';
import { COMBINER, COMBINER_FORMAT } from '#artefacts/combiner.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { trainBehaviour } from './behaviour.ts';
import { type CombinerInput, trainCombiner } from './combiner.ts';

const USERS = 160;
const GROUPS = 4;
const ITEMS = 80;
const MS_PER_DAY = 86_400_000;

/** Users who take items of their own group, in which low numbers are taken more; `isRandom` users take anything alike. */
function someInput({ isRandom = false } = {}): CombinerInput {
  const random = createRandom('combiner input');
  const actions = Array.from({ length: USERS * 30 }, (_, i) => {
    const user = i % USERS;
    const own = Math.floor((ITEMS / GROUPS) * random.next() ** 2) * GROUPS + (user % GROUPS);
    return { user, item: isRandom ? random.integer(ITEMS) : own, at: i * (MS_PER_DAY / 40) };
  });
  const column = (name: 'user' | 'item') => Int32Array.from(actions, (action) => action[name]);
  return {
    itemCount: ITEMS,
    actions: {
      user: column('user'),
      item: column('item'),
      context: Int32Array.from(actions.keys()),
      weight: new Float32Array(actions.length).fill(1),
      at: Float64Array.from(actions, ({ at }) => at),
    },
    groups: groupsOf(Array.from({ length: ITEMS }, (_, item) => [`group ${item % GROUPS}`])),
    seed: 1,
  };
}

describe('the training of the combiner', () => {
  it('the same actions and seed give the same combiner, whose first factors are those of behaviour, and its format reads it', () => {
    const { tables, facts } = trainCombiner(someInput());
    const { actions, itemCount, seed } = someInput();
    const behaviour = trainBehaviour(actions, itemCount, seed);
    assert.deepEqual(trainCombiner({ ...someInput(), trained: { behaviour } }).tables, tables);
    assert.deepEqual(tables['units 0']!.values, behaviour.units);
    // Whoever chose at both times counts once.
    assert.ok(Number(facts.users) >= 50 && Number(facts.users) <= USERS);
    assert.ok(Number(facts.ndcg10) > 0);
    const itemIds = Array.from({ length: ITEMS }, (_, item) => `item ${item}`);
    const artefact = tablesArtefact({
      model: COMBINER,
      generation: 'g1',
      itemIds,
      tables,
      card: '{}',
      trainedUpTo: null,
    });
    const { itemIds: read, lifts } = COMBINER_FORMAT.decode(artefact);
    assert.deepEqual(read, itemIds);
    assert.ok(lifts.some((lift) => lift === 0) && lifts.every((lift) => lift >= 0 && lift <= 1));
  });

  it('a combiner whose gain over behaviour may be a loss is left out with its figures', () => {
    const { leftOut, facts } = trainCombiner(someInput({ isRandom: true }));
    assert.match(leftOut ?? '', /may be a loss/);
    assert.ok(Number(facts.gainLow) <= 0);
  });

  it('a combiner is not trained on the choices of a handful of users', () => {
    const input = someInput();
    const few = { ...input.actions, user: input.actions.user.map((user) => user % 20) };
    assert.throws(() => trainCombiner({ ...input, actions: few }), /at least 50/);
  });
});
