import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { putArtefact } from '#artefacts/artefact.testing.ts';
import { decodeVector } from '#contracts/vectors.ts';
import { aRetraining, CONFIG, DAY, DIM, NOW, trained } from './a-retraining.testing.ts';
import { someItem, someRelease } from './records.testing.ts';
import { missingParts } from './release/model-card.ts';
import { type RetrainingPorts, retrain } from './retraining.ts';
import type { TrainInput } from './training/train.ts';

describe('a retraining', () => {
  it('writes building, embeddings, latents, weights and then ready', async () => {
    const { written, ended, ports, shop } = aRetraining();
    shop();
    const release = await retrain('g1', ports);
    assert.deepEqual(written.order, [
      'building',
      'embedding tea',
      'embedding nail',
      'embedding mate',
      'artefact pinsage-latents/g1',
      'artefact pinsage/g1',
      'ready',
    ]);
    assert.deepEqual(ended, ['ready']);
    assert.deepEqual(written.releases.at(-1), release);
    const { generation, state: reached, alpha, itemCount, actionCount, reason } = release;
    assert.deepEqual(
      { generation, reached, alpha, itemCount, actionCount, reason },
      { generation: 'g1', reached: 'ready', alpha: 1.4, itemCount: 3, actionCount: 3, reason: null },
    );
    assert.deepEqual(
      written.embeddings.map(({ vector, origin }) => [[...decodeVector(vector, DIM)], origin]),
      [0, 1, 2].map((row) => [[1, row, 0], 'trained']),
    );
  });

  it('a companion is written before the weights, and one that is left out is noted with its reason', async () => {
    const { written, inputs, companions, shop, ports } = aRetraining();
    shop();
    const units = { columns: 1, values: new Float32Array(3) };
    const measured = { facts: { hitRate: 0.1 }, seconds: 2, mib: 100 };
    const train = async (input: TrainInput) => ({
      ...trained(input),
      companions: [
        { model: 'places', tables: { units }, ...measured },
        { model: 'sequence', leftOut: 'below popularity', ...measured },
      ],
    });
    const { modelCard } = await retrain('g1', { ...ports, train });
    assert.deepEqual(inputs, []);
    assert.deepEqual(
      written.order.filter((one) => one.startsWith('artefact')),
      ['artefact places/g1', 'artefact pinsage-latents/g1', 'artefact pinsage/g1'],
    );
    assert.deepEqual(companions, ['places trained', 'sequence left_out']);
    assert.deepEqual(JSON.parse(modelCard).companions, {
      places: { hitRate: 0.1, leftOut: null, seconds: 2, mib: 100 },
      sequence: { hitRate: 0.1, leftOut: 'below popularity', seconds: 2, mib: 100 },
    });
  });

  it('factors of behaviour that find fewer new items than popularity are noted with their figures', async () => {
    const { companions, shop, ports } = aRetraining();
    shop();
    const train = async (input: TrainInput) => ({
      ...trained(input),
      behaviourFacts: { users: 200, gainHigh: -0.01 },
      behaviourLeftOut: 'popularity finds more',
    });
    const { state, modelCard } = await retrain('g1', { ...ports, train });
    assert.equal(state, 'ready');
    assert.deepEqual(companions, ['behaviour left_out']);
    assert.deepEqual(JSON.parse(modelCard).behaviour, {
      users: 200,
      gainHigh: -0.01,
      leftOut: 'popularity finds more',
    });
  });

  it('a training without hard negatives is served, and log, metric, figures and card report it', async () => {
    const { warnings, hardNegatives, shop, ports } = aRetraining();
    shop();
    const use = { used: false, share: 0.88, reason: '88 % of the queries reach 32 items' };
    const train = async (input: TrainInput) => {
      const result = trained(input);
      return { ...result, metrics: { ...result.metrics, hardNegatives: use } };
    };
    const { state, metrics, modelCard } = await retrain('g1', { ...ports, train });
    assert.equal(state, 'ready');
    assert.equal(metrics.hardNegativesShare, 0.88);
    assert.deepEqual(JSON.parse(modelCard).hardNegatives, use);
    assert.deepEqual(missingParts(modelCard), { 'hard negatives': use.reason });
    assert.deepEqual(warnings, [{ generation: 'g1', share: use.share, reason: use.reason }]);
    assert.deepEqual(hardNegatives, [false]);
  });

  it('a training with hard negatives, or without them by the settings, gives no warning', async () => {
    const { warnings, hardNegatives, ports, shop } = aRetraining();
    shop();
    assert.deepEqual(missingParts((await retrain('g1', ports)).modelCard), {});
    const use = { used: false, share: null, reason: 'the configuration has none' };
    const train = async (input: TrainInput) => {
      const result = trained(input);
      return { ...result, metrics: { ...result.metrics, hardNegatives: use } };
    };
    const config = { ...CONFIG, hardNegatives: 'false' as const };
    const { metrics } = await retrain('g2', { ...ports, config, train });
    assert.equal('hardNegativesShare' in metrics, false);
    assert.deepEqual(warnings, []);
    assert.deepEqual(hardNegatives, [true, false]);
  });

  it('writes content and degree beside each embedding', async () => {
    const { state, written, shop, ports } = aRetraining();
    shop();
    const [tea, nail, mate] = ['tea', 'nail', 'mate'].map((itemId) => state.catalogue.contentOf(itemId));
    const train = async (input: TrainInput) => {
      state.catalogue.apply('mate', someItem('mate', { text: 'changed while it was trained' }));
      return trained(input);
    };
    await retrain('g1', { ...ports, train });
    assert.equal(new Set([tea, nail, mate]).size, 3);
    assert.deepEqual(
      written.embeddings.map(({ basis }) => basis),
      [
        { content: tea, degree: 2 },
        { content: nail, degree: 1 },
        { content: mate, degree: 0 },
      ],
    );
  });

  it('leaves out an item without a direction, and counts the written embeddings', async () => {
    const { written, ports, shop } = aRetraining();
    shop();
    const train = async (input: TrainInput) => {
      const result = trained(input);
      result.embeddings.fill(0, DIM, 2 * DIM);
      return result;
    };
    const { itemCount } = await retrain('g1', { ...ports, train });
    assert.equal(itemCount, 2);
    assert.deepEqual(
      written.embeddings.map(({ itemId }) => itemId),
      ['tea', 'mate'],
    );
  });

  it('writes weights and latents by which another item can be embedded', async () => {
    const { state, written, ports, shop } = aRetraining();
    shop();
    state.catalogue.apply('cup', someItem('cup', { vector: [1, 2] }));
    await retrain('g1', ports);
    for (const artefact of written.artefacts) await putArtefact(state.artefacts, artefact);
    assert.deepEqual(state.models.get('g1')?.layout, state.catalogue.layout());
    assert.deepEqual(
      written.artefacts.map(({ trainedUpTo }) => trainedUpTo),
      [NOW, NOW],
    );
    assert.equal(state.latents.get('g1')?.of('cup')?.length, 1);
    assert.deepEqual(state.latents.get('g1')?.trained('tea')?.itemIds, ['nail']);
  });

  it('writes no embedding if the gate rejects the generation', async () => {
    const { written, ended, shop, ports } = aRetraining();
    shop();
    const train = async (input: TrainInput) => trained(input, { learned: 0.1 });
    const release = await retrain('g1', { ...ports, train });
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.match(release.reason ?? '', /below the content alone/);
    assert.equal(release.metrics.hitRateAt100, 0.1);
    assert.deepEqual(ended, ['rejected']);
  });

  it('compares the generation with the active one', async () => {
    const { state, ports, shop } = aRetraining();
    shop();
    state.releases.declare('g0', someRelease('g0', 'active', { metrics: { hitRateAt100: 0.9 } }));
    assert.match((await retrain('g1', ports)).reason ?? '', /active generation/);
  });

  it('rejects the generation and fails if the training fails', async () => {
    const { written, shop, ports } = aRetraining();
    shop();
    const train = () => Promise.reject(new Error('the loss diverges'));
    await assert.rejects(retrain('g1', { ...ports, train }), /the loss diverges/);
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.equal(written.releases.at(-1)?.reason, 'the loss diverges');
  });

  it('rejects the generation if it cannot be published whole', async () => {
    const { written, shop, ports } = aRetraining();
    shop();
    const artefact = () => Promise.reject(new Error('no broker'));
    const publisher = { ...ports.publisher, artefact };
    await assert.rejects(retrain('g1', { ...ports, publisher }), /no broker/);
    assert.equal(written.order.at(-1), 'rejected');
    assert.equal(written.order.includes('ready'), false);
  });

  it('rejects the generation if there is no action to learn from', async () => {
    const { state, written, inputs, ports, act } = aRetraining();
    state.catalogue.apply('tea', someItem('tea'));
    act('tea', { type: 'hide' });
    await assert.rejects(retrain('g1', ports), { code: 'training.failed', retryable: true });
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.deepEqual(inputs, []);
  });

  it('records data and configuration of the training in the model card', async () => {
    const { shop, ports } = aRetraining();
    shop();
    const { modelCard } = await retrain('g1', { ...ports, history: { days: 100, retentionDays: 90 } });
    const card = JSON.parse(modelCard);
    assert.deepEqual(card.history, { days: 100, retentionDays: 90 });
    assert.deepEqual(card.data, { from: NOW - DAY, to: NOW, actions: 3, items: 3 });
    assert.equal(card.model, 'pinsage');
    assert.equal(card.codeVersion, '1.2.3');
    assert.deepEqual([card.config.seed, card.config.secondsBudget], [7, 3]);
    assert.equal(card.shape.dim, DIM);
    assert.deepEqual(card.alphaSweep, [{ alpha: 1.4, relevance: 0.5, meanCosine: 0.6, clusters: 3 }]);
    assert.deepEqual(card.lossByEpoch, [0.2, 0.1]);
  });

  it('records the seconds of each step in the model card', async () => {
    const { shop, ports } = aRetraining();
    shop();
    let time = NOW;
    const train: RetrainingPorts['train'] = async (input) => {
      time += 2_000;
      return trained(input);
    };
    const { modelCard } = await retrain('g1', { ...ports, now: () => time, train });
    const { steps } = JSON.parse(modelCard);
    assert.deepEqual(steps, {
      features: 0,
      walks: 0,
      graph: 0.5,
      training: 1,
      'hand-over': 0.5,
      publication: 0,
    });
  });
});
