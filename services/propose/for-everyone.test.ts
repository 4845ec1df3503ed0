import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { type ModelProposal, modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import { ForEveryone } from './for-everyone.ts';
import type { ListForEveryone } from './proposers/proposer.ts';
import { RecordingReport } from './report.testing.ts';

const list = { items: [{ itemId: 'tea', score: 1, popularity: 0.5 }] };

/** Runs models by their names for a while, as the owner of these partitions. */
async function run(
  models: Record<string, ListForEveryone['propose']>,
  options: { partitions: number[]; ms: number },
) {
  const published: ModelProposal[] = [];
  const report = new RecordingReport();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const forEveryone = new ForEveryone({
    models: Object.entries(models).map(([name, propose]) => ({
      name,
      explanation: `by ${name}`,
      candidates: 10,
      everyMs: 100,
      propose,
    })),
    timeoutMs: 250,
    publish: async (record) => void published.push(...modelProposalsOf(record)),
    report,
    now: () => 1_000,
  });
  forEveryone.own(options.partitions);
  for (let ms = 0; ms < options.ms; ms += 50) {
    mock.timers.tick(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  forEveryone.close();
  mock.timers.reset();
  return { published, report };
}

describe('a list for everyone', () => {
  it('a list for everyone is published at its interval, under the user id of everyone', async () => {
    const { published, report } = await run({ a: async () => list }, { partitions: [0, 3], ms: 200 });
    assert.equal(published.length, 2);
    assert.deepEqual(published[0], {
      userId: '*',
      model: 'a',
      explanation: 'by a',
      generation: null,
      version: -1,
      receivedAt: 1_000,
      recent: [],
      interestsOffset: -1,
      interestsAt: 0,
      items: [{ itemId: 'tea', score: 1, because: null, popularity: 0.5, explanation: '' }],
    });
    assert.deepEqual(report.counts, { 'a ok': 2 });
  });

  it('a list for everyone is published by the owner of the first partition alone', async () => {
    const { published } = await run({ a: async () => list }, { partitions: [1, 2], ms: 200 });
    assert.deepEqual(published, []);
  });

  it('a list for everyone stays as it is while its model has none', async () => {
    const { published, report } = await run({ a: async () => undefined }, { partitions: [0], ms: 100 });
    assert.deepEqual(published, []);
    assert.deepEqual(report.counts, { 'a skipped': 1 });
  });

  it('a list for everyone stays as it is while its model fails or hangs, which is counted and does not keep others from theirs', async () => {
    const models: Record<string, ListForEveryone['propose']> = {
      broken: async () => {
        throw new Error('a bug');
      },
      hung: () => new Promise(() => {}),
      sound: async () => list,
    };
    const { published, report } = await run(models, { partitions: [0], ms: 400 });
    assert.deepEqual(
      published.map(({ model }) => model),
      ['sound', 'sound', 'sound', 'sound'],
    );
    assert.deepEqual(report.counts, { 'broken failed': 4, 'sound ok': 4, 'hung timed_out': 1 });
    assert.ok(report.warnings.some((warning) => /^broken: .*a bug$/.test(warning)));
    assert.ok(report.warnings.some((warning) => /^hung: .*within 250 ms$/.test(warning)));
  });
});
