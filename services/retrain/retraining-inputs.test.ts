import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { featureDimension } from '#algorithms/pinsage/features.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import { putArtefact } from '#artefacts/artefact.testing.ts';
import { aRetraining, CONFIG, DAY, NOW, trained } from './a-retraining.testing.ts';
import { pinSageArtefact } from './log-state/pinsage-model.ts';
import { someItem, someRelease } from './records.testing.ts';
import { retrain } from './retraining.ts';
import type { TrainInput } from './training/train.ts';
import { DEFAULT_TRAIN_CONFIG, shapeOf } from './training/train-config.ts';

describe('the input of a training', () => {
  it('the settings of hard negatives are handed to the training', async () => {
    const { inputs, shop, ports } = aRetraining();
    shop();
    for (const given of ['true', 'strict', 'false'] as const)
      await retrain(given, { ...ports, config: { ...CONFIG, hardNegatives: given } });
    assert.deepEqual(
      inputs.map(({ config }) => config.hardNegatives),
      [true, 'strict', false],
    );
  });

  it('the models of the settings are handed to the training', async () => {
    const { inputs, ports, shop } = aRetraining();
    shop();
    await retrain('g1', ports);
    assert.deepEqual(inputs[0]?.companions, ['places']);
    assert.equal(inputs[0]?.sequenceNetwork, 'attention');
    assert.equal(inputs[0]?.combinerHorizon, 'lasting');
  });

  it('hands the neighbourhoods of the whole graph to the training, with the numbers of its items', async () => {
    const { inputs, ports, act, shop } = aRetraining();
    shop();
    act('gone');
    await retrain('g1', ports);
    const { size, neighbours, weights } = inputs[0]!.neighbourhoods!;
    const [tea, nail, mate] = [0, 1, 2].map((item) => neighbours[item * size]);
    assert.deepEqual([tea, nail, mate], [1, 0, -1], 'taken on one day, and never taken');
    assert.deepEqual([weights[0], weights[1]], [1, 0], 'an item that the catalogue lacks is no neighbour');
  });

  it('learns from the configured days only', async () => {
    const { ports, act, shop } = aRetraining();
    shop();
    act('old', { occurredAt: NOW - 101 * DAY });
    const { actionCount, itemCount } = await retrain('g1', ports);
    assert.deepEqual([actionCount, itemCount], [3, 3]);
  });

  it('shows the model no degree from the held-out time', async () => {
    const { state, inputs, ports, act } = aRetraining();
    for (let i = 0; i < 18; i++) act('tea', { contextId: `basket ${i}`, occurredAt: NOW - 20 * DAY + i });
    act('tea', { contextId: 'held out' });
    act('nail', { contextId: 'held out' });
    act('tea', { contextId: 'basket 0', occurredAt: NOW - 20 * DAY });
    await retrain('g1', ports);
    const [{ features }] = inputs as [TrainInput];
    const width = featureDimension(state.catalogue.layout());
    assert.equal(features[width - 1], Math.fround(Math.log1p(18) / 10), 'baskets of tea before');
    assert.equal(features[2 * width - 1], 0, 'nail was only bought in the held-out time');
  });

  it('leaves out given vectors that do not fit, logs them once, and trains', async () => {
    const { state, warnings, inputs, ports, shop } = aRetraining();
    shop();
    for (const itemId of ['a', 'b']) state.catalogue.apply(itemId, someItem(itemId, { vector: [1, 2] }));
    state.catalogue.apply('nan', someItem('nan', { vector: [1, Number.NaN] }));
    state.catalogue.apply('long', someItem('long', { vector: [1, 2, 3] }));
    const release = await retrain('g1', ports);
    assert.equal(release.state, 'ready');
    assert.equal(release.itemCount, 7);
    assert.ok(inputs[0]!.features.every(Number.isFinite));
    assert.deepEqual(
      warnings.map(({ items, first }) => ({ items, first })),
      [{ items: 2, first: ['nan', 'long'] }],
    );
  });

  it('begins with the weights of the active generation, and records it in the model card', async () => {
    const { state, inputs, shop, ports } = aRetraining();
    shop();
    const itemIds = Array.from({ length: 80 }, (_, i) => `item ${i}`);
    for (const itemId of itemIds) state.catalogue.apply(itemId, someItem(itemId));
    const layout = state.catalogue.layout();
    const { structure } = layout;
    const shape = shapeOf(DEFAULT_TRAIN_CONFIG, { features: featureDimension(layout), structure });
    const anchors = { itemIds, places: new Float32Array(itemIds.length * layout.structure).fill(0.5) };
    const model = { layout, anchors, weights: initialWeights(shape, createRandom('active')) };
    await putArtefact(state.artefacts, pinSageArtefact('g0', model, NOW));
    state.releases.declare('g0', someRelease('g0', 'active', {}));
    const config = { ...CONFIG, itemsMaximum: 100 };
    const { modelCard, metrics } = await retrain('g1', { ...ports, config });
    assert.equal(metrics.warmStartHitRateAt100, 0.3);
    assert.deepEqual(inputs[0]?.warmStart?.weights, model.weights);
    assert.equal(inputs[0]?.warmStart?.anchors.items.length, 80);
    assert.equal(JSON.parse(modelCard).startedFrom, 'g0');

    const cold = await retrain('g2', { ...ports, config: { ...config, warmStart: 'false' } });
    assert.equal(inputs[1]?.warmStart, undefined);
    assert.equal(JSON.parse(cold.modelCard).startedFrom, null);
    assert.equal('warmStartHitRateAt100' in cold.metrics, false);

    const train = async (input: TrainInput) => trained(input, { warmStart: 0.4 });
    const worse = await retrain('g3', { ...ports, config, train });
    assert.equal(worse.state, 'rejected');
    assert.match(worse.reason ?? '', /below the active generation's weights on the same pairs \(0\.4000\)/);
  });

  it('begins from scratch if the active weights are of no use, and logs the reason', async () => {
    const { state, inputs, shop, ports } = aRetraining();
    shop();
    state.releases.declare('g0', someRelease('g0', 'active', {}));
    const reasons: unknown[] = [];
    const log = { ...ports.log, info: (fields: object) => void reasons.push(fields) };
    const { modelCard } = await retrain('g1', { ...ports, log });
    assert.equal(inputs[0]?.warmStart, undefined);
    assert.equal(JSON.parse(modelCard).startedFrom, null);
    assert.deepEqual(
      reasons.filter((fields) => Object.hasOwn(fields as object, 'active')),
      [{ active: 'g0', reason: 'the active generation has no weights in the log' }],
    );
  });
});
