import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { encodeWeights } from '#algorithms/pinsage/weights.ts';
import { readTopicsConfig } from '#topics/config.ts';
import { readTopic, STOP } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { type Inference, type InferenceInput, inferHere } from '../training/infer.ts';
import { type RandomCatalogue, randomCatalogue } from './catalogue.testing.ts';
import { type InferenceLog, openInferenceLog } from './inference-log.ts';
import { inferWithWorkerHere } from './worker-here.testing.ts';
import { inferWithWorkers, startWorkerProcess } from './workers.ts';

const PATIENCE_MS = 60_000;

describe('the inference over the log', () => {
  let test: TestNamespace;
  let log: InferenceLog & { close(): Promise<void> };

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    const address = { ...readTopicsConfig(process.env), namespace: test.namespace };
    log = await openInferenceLog(address, pino({ level: 'silent' }));
  });

  after(async () => {
    await log.close();
    await test.close();
  });

  const jobOf = (generation: string, { itemIds }: RandomCatalogue, patienceMs = PATIENCE_MS) => ({
    generation,
    itemIds,
    patienceMs,
  });

  for (const pooling of ['importance', 'mean', 'max'] as const) {
    it(`a worker returns the latents and vectors of an inference in memory with ${pooling} pooling`, async () => {
      const catalogue = randomCatalogue(200, { pooling });
      await assertAsHere(
        await inferWithWorkerHere(log, jobOf(`1-${pooling}`, catalogue), catalogue),
        catalogue,
      );
    });
  }

  it('a worker returns the same with fewer items than partitions', async () => {
    const catalogue = randomCatalogue(3);
    await assertAsHere(await inferWithWorkerHere(log, jobOf('2', catalogue), catalogue), catalogue);
  });

  it('a worker returns the same if the weights do not fit into one message', async () => {
    const catalogue = randomCatalogue(60, { features: 1_800, hidden: 128 });
    assert.ok(encodeWeights(catalogue.weights).length > 1_048_576);
    await assertAsHere(await inferWithWorkerHere(log, jobOf('2-wide', catalogue), catalogue), catalogue);
  });

  it('three worker processes return the same', async () => {
    const catalogue = randomCatalogue(500, { layers: 3 });
    await assertAsHere(await inferWithWorkers(log, 3, jobOf('3', catalogue), catalogue), catalogue);
  });

  it('a worker skips the messages that a dead coordinator left behind', async () => {
    const catalogue = randomCatalogue(100);
    const half = { neighbours: ['item 3'], importances: Buffer.alloc(4), readers: [0] };
    const left = { itemIds: ['item 1'], layer: 0, vectors: Buffer.alloc(48), start: null, part: null };
    await log.send(0, { ...left, generation: '4', kind: 'input', input: half });
    await log.send(0, { ...left, generation: '4', kind: 'latent', input: null });
    await assertAsHere(await inferWithWorkerHere(log, jobOf('5', catalogue), catalogue), catalogue);
  });

  it('an inference without a worker fails with the reason, and the next one succeeds', async () => {
    const catalogue = randomCatalogue(50);
    await assert.rejects(inferWithWorkers(log, 'external', jobOf('6', catalogue, 1_000), catalogue), {
      code: 'training.failed',
      message: /stands still: no worker wrote anything for 1 s, with 0 of 50 items embedded/,
    });
    await assertAsHere(await inferWithWorkerHere(log, jobOf('7', catalogue), catalogue), catalogue);
  });

  /** A log that loses one input. */
  const lossyLog = (): InferenceLog => ({
    ...log,
    send: async (partition, message) => {
      if (message.kind === 'input' && message.itemIds[0] === 'item 7') return;
      await log.send(partition, message);
    },
  });

  it('an inference fails when its last worker process has exited', async () => {
    const catalogue = randomCatalogue(50);
    await assert.rejects(inferWithWorkers(lossyLog(), 1, jobOf('7-lost', catalogue), catalogue), {
      code: 'training.failed',
      message: 'all 1 inference workers have ended: exit code 1',
    });
  });

  it('a worker fails with the reason if a part of the input is missing', async () => {
    const catalogue = randomCatalogue(50);
    await assert.rejects(inferWithWorkerHere(lossyLog(), jobOf('8', catalogue), catalogue), {
      message: /^partition \d holds \d+ of \d+ items of generation 8/,
    });
  });

  it('an inference rejects features that do not fit the model', async () => {
    const catalogue = randomCatalogue(50);
    const { weights } = randomCatalogue(50, { features: 6 });
    await assert.rejects(inferWithWorkerHere(log, jobOf('8', catalogue), { ...catalogue, weights }), {
      name: 'RangeError',
      message: '600 features are not 50 items of 6',
    });
  });

  it('an inference ends with the same vectors when a worker is killed in the middle', async () => {
    const catalogue = randomCatalogue(6_000, { hidden: 64 });
    let isDone = false;
    const inference = inferWithWorkers(log, 'external', jobOf('9', catalogue), catalogue).finally(() => {
      isDone = true;
    });
    const killed = startWorkerProcess(log);
    const exited = once(killed, 'exit');
    await readTopic({
      kafka: test.kafka,
      topic: log.topic,
      from: { at: 'end' },
      until: 'never',
      onMessage: async ({ value }) => {
        const { generation, kind } = await log.decode(value!);
        return generation === '9' && kind === 'latent' ? STOP : undefined;
      },
    });
    killed.kill('SIGKILL');
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    assert.equal(isDone, false, 'it was killed in the middle');
    const successor = startWorkerProcess(log);
    const succeeded = once(successor, 'exit');
    await assertAsHere(await inference, catalogue);
    assert.deepEqual(await succeeded, [0, null], 'a worker ends with the inference');
  });
});

/** Sums of latents that arrive in another order differ in their last bits. */
async function assertAsHere({ embeddings, latents }: Inference, catalogue: InferenceInput): Promise<void> {
  const expected = await inferHere(catalogue);
  assertNear(embeddings, expected.embeddings);
  assert.equal(latents.length, expected.latents.length);
  for (const [layer, rows] of expected.latents.entries()) assertNear(latents[layer]!, rows);
}

function assertNear(actual: Float32Array, expected: Float32Array): void {
  assert.equal(actual.length, expected.length);
  const furthest = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  assert.ok(furthest < 1e-5, `a component differs by ${furthest}`);
}
