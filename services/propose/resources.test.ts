import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anArtefact, memoryLog } from '#artefacts/artefact.testing.ts';
import type { ArtefactFormat } from '#artefacts/artefact.ts';
import { writeArtefact } from '#artefacts/writer.ts';
import { createLogger } from '#platform/observability/logger.ts';
import type { FollowHandlers, StagePorts } from '#platform/stage.ts';
import { readProposeConfig } from './config.ts';
import { createModels } from './models.ts';
import { defineProposer, type Proposer } from './proposers/proposer.ts';
import { openResources } from './resources.ts';

const nothing = { settings: {}, explanation: '' };
const plain = defineProposer({
  ...nothing,
  name: 'plain',
  needs: ['interests'],
  create: () => ({ propose: async () => new Map() }),
});
const TEXT: ArtefactFormat<string> = {
  model: 'sequence',
  format: 'tributary.test/1',
  decode: ({ bytes }) => String(bytes),
};
/** Proposes the text of the artefact `sequence` of generation g1 for everyone. */
const trained = defineProposer({
  ...nothing,
  name: 'trained',
  needs: ['artefacts'],
  artefacts: ['sequence'],
  create: ({ artefacts }) => ({
    everyMs: 1_000,
    async propose() {
      const itemId = artefacts.decoded(TEXT, 'g1');
      return itemId === undefined ? undefined : { items: [{ itemId, score: 1 }] };
    },
  }),
});

/** Opens the resources of these models in a stage that follows the given handlers. */
async function open(...registry: Proposer[]) {
  const followed: FollowHandlers[] = [];
  const stage = {
    log: createLogger('test', 'silent'),
    lifecycle: { onStop: () => {} },
    partitionsOf: async () => 2,
    follow: async (handlers: FollowHandlers) => {
      followed.push(handlers);
      return { caughtUp: Promise.resolve(), close: async () => {} };
    },
  } as unknown as StagePorts;
  const config = readProposeConfig({}, registry);
  const resources = await openResources(stage, config);
  return { followed, resources, models: createModels(config, resources) };
}

describe('the resources of the models', () => {
  it('the resources that no model of the process needs stay closed', async () => {
    const { followed, resources } = await open(plain);
    assert.deepEqual(followed, []);
    assert.deepEqual(resources, {});
  });

  it('a model that needs artefacts reads those that it names, once they are there as a whole', async () => {
    const { followed, models } = await open(plain, trained);
    assert.deepEqual(followed.map(Object.keys), [['models', 'model-parts']]);
    const [model] = models.forEveryone;
    const { signal } = new AbortController();
    assert.equal(await model!.propose(signal), undefined);

    const log = memoryLog();
    await writeArtefact(log, anArtefact({ model: 'sequence', bytes: Buffer.from('tea') }));
    for (const { topic, key, value } of log.messages) {
      const message = { partition: 0, offset: 0, key, timestamp: 0, trace: undefined, value };
      await followed[0]![topic]?.(message as never);
    }
    assert.deepEqual(await model!.propose(signal), { items: [{ itemId: 'tea', score: 1 }] });
  });

  it('a model is not created without a resource that it needs', () => {
    assert.throws(
      () => createModels(readProposeConfig({}, [trained]), {}),
      /trained needs artefacts, which is not open/,
    );
  });
});
