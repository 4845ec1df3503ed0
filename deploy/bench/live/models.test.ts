import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { BEHAVIOUR_FORMAT } from '#artefacts/behaviour.ts';
import { COMBINER_FORMAT } from '#artefacts/combiner.ts';
import { SharedFactors } from '../../../services/propose/proposers/shared-factors.ts';
import { syntheticCategories } from '../synthetic-windows.ts';
import { checkModels, plausibleModels } from './models.ts';

test('models without a training have the tables of trained ones, and share their factors as those do', () => {
  const itemIds = Array.from({ length: 120 }, (_, item) => `item-${item}`);
  const random = createRandom('models');
  const [behaviour, combiner] = plausibleModels({ categoriesOf: syntheticCategories }, itemIds, random);
  const learned = COMBINER_FORMAT.decode(combiner!);
  assert.deepEqual(learned.itemIds, itemIds);
  assert.deepEqual([learned.factors.length, learned.groups.levels], [2, 3]);
  const own = SharedFactors.of(BEHAVIOUR_FORMAT.decode(behaviour!));
  assert.equal(SharedFactors.of({ itemIds, factors: learned.factors[0]! }), own);
});

test('models that propose would go without are refused before anything is measured', () => {
  const itemIds = ['a', 'b', 'c'];
  const models = plausibleModels({ categoriesOf: syntheticCategories }, itemIds, createRandom('models'));
  checkModels(models);
  const [behaviour, combiner] = models as [(typeof models)[0], (typeof models)[0]];
  assert.throws(
    () => checkModels([behaviour, { ...combiner, format: 'tributary.combiner/1' }]),
    /reads combiner as tributary\.combiner\/2, but the bench has tributary\.combiner\/1/,
  );
  assert.throws(() => checkModels([behaviour]), /the bench has none/);
  assert.throws(() => checkModels([behaviour, { ...combiner, bytes: behaviour.bytes }]));
});
