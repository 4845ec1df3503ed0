import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { emptyNeighbourhoods } from '#algorithms/pinsage/walks.ts';
import { applyMessage, memoryLog, putArtefact } from '#artefacts/artefact.testing.ts';
import { writeArtefact } from '#artefacts/writer.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { walkHere } from './graph/walk-items.ts';
import { createLogState, type LogState } from './log-state/log-state.ts';
import { latentsArtefact } from './log-state/pinsage-latents.ts';
import { someModel } from './log-state/pinsage-model.testing.ts';
import { pinSageArtefact } from './log-state/pinsage-model.ts';
import { createRetrainMetrics } from './metrics.ts';
import { NewItems } from './new-items/new-items.ts';
import { someItem, someRelease } from './records.testing.ts';
import { type RecordedWrites, recordingPublisher } from './release/publisher.testing.ts';
import { keepUp, type UpkeepPorts, upkeep } from './upkeep.ts';

const CONFIG = { actionWeights: DEFAULT_ACTION_WEIGHTS, halfLifeDays: 0, seed: 1 };
const LOG = pino({ level: 'silent' });

const NO_LATENTS = {
  itemIds: [],
  places: new Float32Array(),
  latents: [],
  neighbourhoods: emptyNeighbourhoods(0, 1),
};

describe('the upkeep', () => {
  let state: LogState;
  let written: RecordedWrites;
  let registry: Registry;
  let ports: UpkeepPorts;

  beforeEach(async () => {
    state = createLogState(CONFIG, LOG, walkHere);
    registry = new Registry();
    const recording = recordingPublisher();
    written = recording.written;
    ports = {
      state,
      newItems: new NewItems(state),
      log: LOG,
      publisher: recording.publisher,
      metrics: createRetrainMetrics(registry, state),
      config: { generationsKept: 1 },
    };
    for (const [generation, release] of [
      ['g1', 'retired'],
      ['g2', 'retired'],
      ['g3', 'active'],
    ] as const) {
      state.releases.declare(generation, someRelease(generation, release));
      state.embedded.apply(`${generation}/tea`, { origin: 'trained', basis: null });
      await putArtefact(state.artefacts, pinSageArtefact(generation, someModel(), 0));
      await putArtefact(state.artefacts, latentsArtefact(generation, NO_LATENTS, 0));
    }
  });

  it('upkeep removes embeddings, weights and latents of generations beyond those kept, once', async () => {
    await upkeep(ports);
    assert.deepEqual(written.order, [
      'remove embedding g1/tea',
      'withdraw pinsage-latents/g1',
      'withdraw pinsage/g1',
    ]);
    await upkeep(ports);
    assert.equal(written.order.length, 3);
    assert.notEqual(state.models.get('g2'), undefined);
  });

  it('upkeep removes the parts that a failed publication left without a manifest', async () => {
    const log = memoryLog();
    await writeArtefact(log, pinSageArtefact('g4', someModel(), 0));
    for (const message of log.messages.slice(0, -1)) applyMessage(state.artefacts, message);
    await upkeep({ ...ports, config: { generationsKept: 9 } });
    assert.deepEqual(written.order, [], 'while it is published');
    state.releases.declare('g4', someRelease('g4', 'rejected'));
    await upkeep({ ...ports, config: { generationsKept: 9 } });
    assert.deepEqual(written.order, ['withdraw pinsage/g4']);
  });

  it('upkeep embeds new items', async () => {
    state.releases.declare('g1', null);
    state.catalogue.apply('nail', someItem('nail'));
    await upkeep(ports);
    assert.deepEqual(written.order, ['embedding nail']);
    assert.equal(written.embeddings[0]?.generation, 'g3');
  });

  it('upkeep counts embedded items, removed embeddings and generations', async () => {
    state.catalogue.apply('nail', someItem('nail'));
    await upkeep(ports);
    const metrics = await registry.metrics();
    assert.match(metrics, /^tributary_retrain_inductive_items_total 1$/m);
    assert.match(metrics, /^tributary_retrain_removed_embeddings_total 1$/m);
    assert.match(metrics, /^tributary_retrain_generations\{state="retired"\} 2$/m);
    assert.match(metrics, /^tributary_retrain_generations\{state="building"\} 0$/m);
  });

  it('upkeep runs until the signal, and completes the current turn', async () => {
    const stop = new AbortController();
    const embedding = Promise.withResolvers<void>();
    const publisher = { ...ports.publisher, embedding: () => embedding.promise };
    state.catalogue.apply('nail', someItem('nail'));
    let ended = false;
    const kept = keepUp({ ...ports, publisher }, stop.signal).then(() => {
      ended = true;
    });
    stop.abort();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, false);
    embedding.resolve();
    await kept;
  });

  it('upkeep rejects when a write fails', async () => {
    const publisher = { ...ports.publisher, withdraw: () => Promise.reject(new Error('no broker')) };
    await assert.rejects(keepUp({ ...ports, publisher }, new AbortController().signal), /no broker/);
  });
});
