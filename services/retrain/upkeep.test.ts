import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { putArtefact } from '#artefacts/artefact.testing.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import type { Latent } from '#contracts/generated/records.ts';
import { walkHere } from './graph/walk-items.ts';
import { createLogState, type LogState } from './log-state/log-state.ts';
import { someModel } from './log-state/pinsage-model.testing.ts';
import { pinSageArtefact } from './log-state/pinsage-model.ts';
import { createRetrainMetrics } from './metrics.ts';
import { NewItems } from './new-items/new-items.ts';
import { type RecordedWrites, recordingPublisher, someItem, someRelease } from './records.testing.ts';
import { keepUp, type UpkeepPorts, upkeep } from './upkeep.ts';

const CONFIG = { actionWeights: DEFAULT_ACTION_WEIGHTS, halfLifeDays: 0, seed: 1 };
const LOG = pino({ level: 'silent' });

function latentOf(generation: string): Latent {
  const nothing = { itemIds: ['tea'], layer: 0, vectors: Buffer.alloc(4), input: null, start: null };
  return { generation, kind: 'latent', ...nothing };
}

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
      generationsKept: 1,
    };
    for (const [generation, release] of [
      ['g1', 'retired'],
      ['g2', 'retired'],
      ['g3', 'active'],
    ] as const) {
      state.releases.declare(generation, someRelease(generation, release));
      state.embedded.apply(`${generation}/tea`, { origin: 'trained', basis: null });
      await putArtefact(state.artefacts, pinSageArtefact(generation, someModel(), 0));
      state.latents.take({ partition: 2, offset: Number(generation.slice(1)), value: latentOf(generation) });
    }
  });

  it('removes embeddings, weights and latents of generations beyond those kept, once', async () => {
    await upkeep(ports);
    assert.deepEqual(written.order, ['remove embedding g1/tea', 'withdraw pinsage/g1', 'trim latents 2:2']);
    await upkeep(ports);
    assert.equal(written.order.length, 3);
    assert.notEqual(state.models.get('g2'), undefined);
  });

  it('embeds what is new', async () => {
    state.releases.declare('g1', null);
    state.catalogue.apply('nail', someItem('nail'));
    await upkeep(ports);
    assert.deepEqual(written.order, ['embedding nail']);
    assert.equal(written.embeddings[0]?.generation, 'g3');
  });

  it('counts what it did, and the generations', async () => {
    state.catalogue.apply('nail', someItem('nail'));
    await upkeep(ports);
    const metrics = await registry.metrics();
    assert.match(metrics, /^tributary_retrain_inductive_items_total 1$/m);
    assert.match(metrics, /^tributary_retrain_removed_embeddings_total 1$/m);
    assert.match(metrics, /^tributary_retrain_generations\{state="retired"\} 2$/m);
    assert.match(metrics, /^tributary_retrain_generations\{state="building"\} 0$/m);
  });

  it('goes on until the signal, and ends with the turn under way', async () => {
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

  it('ends with a write that fails', async () => {
    const publisher = { ...ports.publisher, withdraw: () => Promise.reject(new Error('no broker')) };
    await assert.rejects(keepUp({ ...ports, publisher }, new AbortController().signal), /no broker/);
  });
});
