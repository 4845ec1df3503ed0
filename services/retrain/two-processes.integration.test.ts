import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Release } from '#contracts/generated/records.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { GROUP_ITEMS, groupActions } from './taste-groups.testing.ts';

/** A training lasts longer than a lease, and upkeep looks four times a second: a training without signs of life is rejected. */
const SETTINGS = {
  TRIBUTARY_RETRAIN_SECONDS: '5',
  TRIBUTARY_RETRAIN_INTERVAL_MS: '0',
  TRIBUTARY_RETRAIN_LEASE_MS: '3000',
};

describe('two live retrain processes over one log', () => {
  let test: TestNamespace;
  let processes: StageProcess[] = [];

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    await Promise.all([
      ...GROUP_ITEMS.map((item) =>
        test.produce('items', { key: item.itemId, value: test.encode('Item', item) }),
      ),
      ...groupActions(Date.now()).map((action) =>
        test.produce('actions', { key: action.userId, value: test.encode('UserAction', action) }),
      ),
    ]);
    const environment = { ...SETTINGS, TRIBUTARY_NAMESPACE: test.namespace };
    processes = await Promise.all([0, 1].map(() => startStageProcess('retrain', environment)));
  });

  after(async () => {
    const codes = await Promise.all(processes.map((one) => one.stop()));
    assert.deepEqual(codes, [0, 0], 'both drain');
    await test.close();
  });

  /** All messages of a topic, in the order of their partitions. */
  async function read<V>(topic: 'releases' | 'embeddings', decode: (value: Buffer) => V | Promise<V>) {
    const found: Array<{ key: string; value: V | null }> = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf(topic),
      from: { at: 'beginning' },
      until: 'end',
      onMessage: async ({ key, value }) =>
        void found.push({ key: String(key), value: value && (await decode(value)) }),
    });
    return found;
  }

  const readReleases = () => read<Release>('releases', (value) => test.codec.decode('Release', value));

  it('trainings that begin at once become one generation, of which no process rejects or overwrites anything', async () => {
    const answers = await Promise.all(
      processes.map(({ url }) => fetch(`${url}/retrain`, { method: 'POST', body: '{}', headers: JSON_BODY })),
    );
    const started = await Promise.all(answers.map((answer) => answer.json() as Promise<Started>));
    const generations = started.flatMap(({ generation }) => generation ?? []);
    assert.ok(generations.length > 0, JSON.stringify(started));
    const ended = await waitFor(
      async () => {
        const newest = new Map((await readReleases()).map(({ key, value }) => [key, value!]));
        const all = generations.map((generation) => newest.get(generation));
        return all.every((release) => release !== undefined && release.state !== 'building') && all;
      },
      { message: `${generations.join()} have ended`, timeoutMs: 60_000 },
    );
    const [ready, ...others] = ended.map((release) => release!).sort((a, b) => (a.state < b.state ? -1 : 1));
    assert.equal(ready?.state, 'ready', ready?.reason ?? '');
    for (const { state, reason } of others)
      assert.deepEqual([state, reason], ['rejected', `${ready.generation} is being trained`]);

    const states = (await readReleases())
      .filter(({ key }) => key === ready.generation)
      .map(({ value }) => value?.state);
    assert.deepEqual([...new Set(states)], ['building', 'ready']);
    assert.ok(states.length > 3, 'it gave signs of life');
    const embeddings = await read('embeddings', () => true);
    assert.deepEqual(
      embeddings.map(({ key }) => key).sort(),
      GROUP_ITEMS.map(({ itemId }) => `${ready.generation}/${itemId}`).sort(),
      'each vector is written once, and none of another generation',
    );
  });
});

interface Started {
  readonly generation?: string;
}

const JSON_BODY = { 'content-type': 'application/json' };
