import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import type { Item, Release } from '#contracts/generated/records.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { TOPICS } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { GROUP_ITEMS, groupActions, groupItem, groupOf } from './taste-groups.testing.ts';

/** As many numbers as a large text embedding has. */
const LENGTH = 1_536;
/** The brokers' default limit of a message. */
const MESSAGE_BYTES = 1_048_576;
/** Items in one request: each is about 30 KB of JSON. */
const ITEMS_A_REQUEST = 20;
const PATIENCE = { timeoutMs: 60_000 };

/** A vector near the others of its group, as an embedding of text would be. */
function vectorOf(group: number, name: string): number[] {
  const ofGroup = createRandom(`group ${group}`);
  const ofItem = createRandom(`item ${name}`);
  return Array.from({ length: LENGTH }, () => ofGroup.normal() + 0.5 * ofItem.normal());
}

/** Only the vector of the item depends on its group. */
function longItem(group: number, name: string): Item {
  return groupItem(group, name, { categories: [], vector: vectorOf(group, name) });
}

/** 36 items that users took, and 24 items without an action. */
const CATALOGUE: readonly Item[] = [
  ...GROUP_ITEMS.map(({ itemId }) => longItem(groupOf(itemId), itemId.split('/')[1]!)),
  ...Array.from({ length: 24 }, (_, i) => longItem(i % 3, `untaken ${i}`)),
];

describe('items with vectors of 1,536 numbers (retrain, gateway and index)', () => {
  let test: TestNamespace;
  let stages: StageProcess[];
  let gateway: StageProcess;
  let retrain: StageProcess;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    const settings = { TRIBUTARY_NAMESPACE: test.namespace };
    const training = { TRIBUTARY_RETRAIN_SECONDS: '2', TRIBUTARY_RETRAIN_INTERVAL_MS: '0' };
    const index = await startStageProcess('index', settings);
    gateway = await startStageProcess('gateway', { ...settings, TRIBUTARY_INDEX_URL: index.url });
    await Promise.all(
      groupActions(Date.now()).map((action) =>
        test.produce('actions', { key: action.userId, value: test.encode('UserAction', action) }),
      ),
    );
    await putItems(CATALOGUE);
    // It is ready when it has read the log as it is now.
    retrain = await startStageProcess('retrain', { ...settings, ...training });
    stages = [gateway, index, retrain];
  });

  after(async () => {
    for (const stage of stages) assert.equal(await stage.stop(), 0, 'drains');
    await test.close();
  });

  async function putItems(items: readonly Item[]): Promise<void> {
    for (let start = 0; start < items.length; start += ITEMS_A_REQUEST) {
      const some = items.slice(start, start + ITEMS_A_REQUEST);
      const body = JSON.stringify(some.map(({ itemId, title, vector }) => ({ itemId, title, vector })));
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${gateway.url}/v1/items`, { method: 'PUT', headers, body });
      assert.equal(answer.status, 202, await answer.text());
    }
  }

  /** Undefined while the item has no vector in the served generation. */
  async function nearestGroups(itemId: string): Promise<number[] | undefined> {
    const answer = await fetch(`${gateway.url}/v1/items/${encodeURIComponent(itemId)}/similar?n=5`);
    if (answer.status !== 200) return undefined;
    const { items } = (await answer.json()) as { items: { itemId: string }[] };
    return items.map(({ itemId: near }) => groupOf(near));
  }

  it('items with long vectors are trained, published and served', async () => {
    await waitFor(async () => (await fetch(`${retrain.url}/readyz`)).ok, { message: 'the log is read' });
    const started = await fetch(`${retrain.url}/retrain`, { method: 'POST' });
    assert.equal(started.status, 202, await started.clone().text());
    const { generation } = (await started.json()) as { generation: string };
    const release = await waitFor(async () => (await releases()).get(generation), {
      message: 'the generation is active or rejected',
      ...PATIENCE,
    });
    assert.deepEqual([release.state, release.reason, release.itemCount], ['active', null, CATALOGUE.length]);
    for (const itemId of ['0/0', '1/untaken 1'])
      assert.deepEqual(await nearestGroups(itemId), Array(5).fill(groupOf(itemId)));
  });

  it('a new item with a long vector is embedded and served after the training', async () => {
    await putItems([longItem(2, 'new')]);
    const groups = await waitFor(() => nearestGroups('2/new'), {
      message: 'the new item is served',
      ...PATIENCE,
    });
    assert.deepEqual(groups, Array(5).fill(2));
  });

  it('no message exceeds the limit of the brokers, although the weights alone are longer than one message', async () => {
    const bytesByTopic = new Map<string, number>();
    for (const { name } of TOPICS) {
      await readTopic({
        kafka: test.kafka,
        topic: test.topicOf(name),
        from: { at: 'beginning' },
        onMessage({ value }) {
          const bytes = value?.length ?? 0;
          assert.ok(bytes < MESSAGE_BYTES, `a message of ${name} has ${bytes} bytes`);
          bytesByTopic.set(name, (bytesByTopic.get(name) ?? 0) + bytes);
        },
      });
    }
    assert.ok(bytesByTopic.get('model-parts')! > MESSAGE_BYTES);
    assert.equal(bytesByTopic.get('inference'), undefined, 'the inference was in memory');
  });

  /** The active and rejected releases, by generation. */
  async function releases(): Promise<Map<string, Release>> {
    const settled = new Map<string, Release>();
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf('releases'),
      from: { at: 'beginning' },
      onMessage: async ({ key, value }) => {
        const release = await test.codec.decode('Release', value!);
        if (release.state === 'active' || release.state === 'rejected') settled.set(String(key), release);
      },
    });
    return settled;
  }
});
