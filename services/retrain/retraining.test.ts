import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { featureDimension } from '#algorithms/pinsage/features.ts';
import { emptyNeighbourhoods } from '#algorithms/pinsage/walks.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import { putArtefact } from '#artefacts/artefact.testing.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import { INTERRUPTED } from '#contracts/domain/release-ledger.ts';
import type { Release, UserAction } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import { walkHere } from './graph/walk-items.ts';
import { TrainingLease } from './lease.ts';
import { createLogState, type LogState } from './log-state/log-state.ts';
import { pinSageArtefact } from './log-state/pinsage-model.ts';
import { someItem, someRelease } from './records.testing.ts';
import { missingParts } from './release/model-card.ts';
import { type RecordedWrites, recordingPublisher } from './release/publisher.testing.ts';
import { type RetrainingPorts, retrain } from './retraining.ts';
import type { TrainInput, TrainResult } from './training/train.ts';
import { DEFAULT_TRAIN_CONFIG, shapeOf } from './training/train-config.ts';

const DAY = 86_400_000;
const NOW = 20_000 * DAY;
const DIM = 3;
const SILENT = pino({ level: 'silent' });
const CONFIG = {
  intervalMs: 0,
  leaseMs: 60_000,
  days: 100,
  itemsMaximum: 10,
  secondsBudget: 3,
  generationsKept: 2,
  halfLifeDays: 0,
  walkThreads: 1,
  seed: 7,
  warmStart: 'true' as const,
  actionWeights: DEFAULT_ACTION_WEIGHTS,
  codeVersion: '1.2.3',
  inferenceWorkers: 0,
  companions: ['places'],
  hardNegatives: 'true' as const,
  sequenceNetwork: 'attention' as const,
  inferencePatienceMs: 1_000,
};

/** The result of a training that gives item number i the vector (1, i, 0), with the given figures. */
function trained(
  input: TrainInput,
  { learned = 0.3, contentOnly = 0.2, warmStart = 0.3, pairs = 1_000 } = {},
): TrainResult {
  const { itemCount, features } = input;
  const shape = {
    features: features.length / itemCount,
    hidden: 2,
    layers: 1,
    dim: DIM,
    pooling: 'importance',
    direct: 0,
  } as const;
  const figures = (hitRateAt100: number) => ({
    pairs,
    hitRateAt10: hitRateAt100 / 10,
    hitRateAt100,
    meanReciprocalRank: 0.1,
    ndcg: 0.2,
  });
  return {
    embeddings: Float32Array.from(
      { length: itemCount * DIM },
      (_, i) => [1, Math.floor(i / DIM), 0][i % DIM]!,
    ),
    weights: initialWeights(shape, createRandom('weights')),
    places: new Float32Array(itemCount * input.structure),
    latents: [new Float32Array(itemCount * shape.hidden)],
    anchors: { items: new Int32Array(), places: new Float32Array() },
    neighbourhoods: input.neighbourhoods ?? emptyNeighbourhoods(itemCount, 1),
    alpha: { alpha: 1.4, table: [{ alpha: 1.4, relevance: 0.5, meanCosine: 0.6, clusters: 3 }] },
    metrics: {
      learned: figures(learned),
      contentOnly: figures(contentOnly),
      warmStart: input.warmStart && figures(warmStart),
      lossByEpoch: [0.2, 0.1],
      hardNegatives: { used: true, share: 0.97, reason: null },
      pairs: 40,
      examples: 80,
      seconds: 1.5,
      steps: { graph: 0.5, training: 1 },
    },
  };
}

describe('a retraining', () => {
  let state: LogState;
  let written: RecordedWrites;
  let ended: string[];
  let warnings: { items?: number; first?: string[] }[];
  let inputs: TrainInput[];
  let companions: string[];
  let hardNegatives: boolean[];
  let ports: RetrainingPorts;

  beforeEach(() => {
    state = createLogState(CONFIG, SILENT, walkHere);
    ended = [];
    warnings = [];
    inputs = [];
    companions = [];
    hardNegatives = [];
    const recording = recordingPublisher();
    written = recording.written;
    ports = {
      state,
      config: CONFIG,
      log: { info: () => {}, warn: (fields: object) => void warnings.push(fields) },
      metrics: {
        ended: (release: Release) => void ended.push(release.state),
        walked: () => {},
        hardNegatives: ({ used }: { used: boolean }) => void hardNegatives.push(used),
        companion: (...noted: string[]) => void companions.push(noted.join(' ')),
      },
      publisher: recording.publisher,
      now: () => NOW,
      train: async (input) => {
        inputs.push(input);
        return trained(input);
      },
    };
  });

  function act(itemId: string, change: Partial<UserAction> = {}): void {
    state.actions.add(logged(anAction({ itemId, occurredAt: NOW, ...change })));
  }

  /** Two items that users bought, and one that no user bought. */
  function shop(): void {
    for (const itemId of ['tea', 'nail', 'mate']) state.catalogue.apply(itemId, someItem(itemId));
    act('tea', { occurredAt: NOW - DAY });
    act('tea');
    act('nail');
  }

  it('a training that a different process began before is rejected, and none of its embeddings is written', async () => {
    shop();
    const lease = new TrainingLease({ releases: state.releases, leaseMs: 60_000, elapsed: () => 0 });
    const declare = (release: Release) => {
      state.releases.declare(release.generation, release);
      lease.hear(release.generation);
    };
    declare(someRelease('theirs', 'building'));
    const { publisher } = ports;
    const release = async (one: Release) => {
      await publisher.release(one);
      declare(one);
    };
    const training = retrain('ours', { ...ports, lease, publisher: { ...publisher, release } });
    await assert.rejects(training, /theirs is being trained/);
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.equal(state.releases.get('theirs')?.state, 'building');
    declare({ ...someRelease('theirs', 'ready'), follows: 0 });
    assert.equal(
      (await retrain('next', { ...ports, lease, publisher: { ...publisher, release } })).state,
      'ready',
    );
  });

  it('a stage that stops before the log has given the lease rejects the generation as interrupted', async () => {
    shop();
    const lease = new TrainingLease({ releases: state.releases, leaseMs: 60_000, elapsed: () => 0 });
    const stopping = new AbortController();
    const training = retrain('ours', { ...ports, lease, signal: stopping.signal });
    stopping.abort();
    await assert.rejects(training, { name: 'AbortError' });
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.equal(written.releases.at(-1)?.reason, INTERRUPTED);
  });

  it('a training that was given up meanwhile publishes nothing', async () => {
    shop();
    const lease = new TrainingLease({ releases: state.releases, leaseMs: 60_000, elapsed: () => 0 });
    const { publisher } = ports;
    const release = async (one: Release) => {
      await publisher.release(one);
      state.releases.declare(one.generation, one);
    };
    const train: RetrainingPorts['train'] = async (input) => {
      const [rejected] = state.releases.interrupted(NOW);
      state.releases.declare('ours', rejected!);
      return trained(input);
    };
    const training = retrain('ours', { ...ports, train, lease, publisher: { ...publisher, release } });
    await assert.rejects(training, /given up by a different process/);
    assert.deepEqual(written.order, ['building', 'rejected']);
  });

  it('writes building, embeddings, latents, weights and then ready', async () => {
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

  it('the settings of hard negatives are handed to the training', async () => {
    shop();
    for (const given of ['true', 'strict', 'false'] as const)
      await retrain(given, { ...ports, config: { ...CONFIG, hardNegatives: given } });
    assert.deepEqual(
      inputs.map(({ config }) => config.hardNegatives),
      [true, 'strict', false],
    );
  });

  it('the models of the settings are handed to the training', async () => {
    shop();
    await retrain('g1', ports);
    assert.deepEqual(inputs[0]?.companions, ['places']);
    assert.equal(inputs[0]?.sequenceNetwork, 'attention');
  });

  it('writes content and degree beside each embedding', async () => {
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

  it('hands the neighbourhoods of the whole graph to the training, with the numbers of its items', async () => {
    shop();
    act('gone');
    await retrain('g1', ports);
    const { size, neighbours, weights } = inputs[0]!.neighbourhoods!;
    const [tea, nail, mate] = [0, 1, 2].map((item) => neighbours[item * size]);
    assert.deepEqual([tea, nail, mate], [1, 0, -1], 'taken on one day, and never taken');
    assert.deepEqual([weights[0], weights[1]], [1, 0], 'an item that the catalogue lacks is no neighbour');
  });

  it('leaves out an item without a direction, and counts the written embeddings', async () => {
    shop();
    ports = {
      ...ports,
      async train(input) {
        const result = trained(input);
        result.embeddings.fill(0, DIM, 2 * DIM);
        return result;
      },
    };
    const { itemCount } = await retrain('g1', ports);
    assert.equal(itemCount, 2);
    assert.deepEqual(
      written.embeddings.map(({ itemId }) => itemId),
      ['tea', 'mate'],
    );
  });

  it('writes weights and latents by which another item can be embedded', async () => {
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
    shop();
    const train = async (input: TrainInput) => trained(input, { learned: 0.1 });
    const release = await retrain('g1', { ...ports, train });
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.match(release.reason ?? '', /below the content alone/);
    assert.equal(release.metrics.hitRateAt100, 0.1);
    assert.deepEqual(ended, ['rejected']);
  });

  it('compares the generation with the active one', async () => {
    shop();
    state.releases.declare('g0', someRelease('g0', 'active', { metrics: { hitRateAt100: 0.9 } }));
    assert.match((await retrain('g1', ports)).reason ?? '', /active generation/);
  });

  it('rejects the generation and fails if the training fails', async () => {
    shop();
    const train = () => Promise.reject(new Error('the loss diverges'));
    await assert.rejects(retrain('g1', { ...ports, train }), /the loss diverges/);
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.equal(written.releases.at(-1)?.reason, 'the loss diverges');
  });

  it('rejects the generation as interrupted if the stage is stopped', async () => {
    shop();
    const train = async () => AbortSignal.abort().throwIfAborted() as never;
    await assert.rejects(retrain('g1', { ...ports, train }), { name: 'AbortError' });
    assert.equal(written.releases.at(-1)?.reason, INTERRUPTED);
  });

  it('rejects the generation if it cannot be published whole', async () => {
    shop();
    const artefact = () => Promise.reject(new Error('no broker'));
    const publisher = { ...ports.publisher, artefact };
    await assert.rejects(retrain('g1', { ...ports, publisher }), /no broker/);
    assert.equal(written.order.at(-1), 'rejected');
    assert.equal(written.order.includes('ready'), false);
  });

  it('rejects the generation if there is no action to learn from', async () => {
    state.catalogue.apply('tea', someItem('tea'));
    act('tea', { type: 'hide' });
    await assert.rejects(retrain('g1', ports), { code: 'training.failed', retryable: true });
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.deepEqual(inputs, []);
  });

  it('learns from the configured days only', async () => {
    shop();
    act('old', { occurredAt: NOW - 101 * DAY });
    const { actionCount, itemCount } = await retrain('g1', ports);
    assert.deepEqual([actionCount, itemCount], [3, 3]);
  });

  it('shows the model no degree from the held-out time', async () => {
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

  it('records data and configuration of the training in the model card', async () => {
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

  it('begins with the weights of the active generation, and records it in the model card', async () => {
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

  it('records the seconds of each step in the model card', async () => {
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
