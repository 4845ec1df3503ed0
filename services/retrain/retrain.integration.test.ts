import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { anAction } from '#contracts/domain/records.testing.ts';
import { INTERRUPTED } from '#contracts/domain/release-ledger.ts';
import type { Item, ItemEmbedding, Release, ReleaseState } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import type { RetrainStatus } from './schedule.ts';
import {
  GROUP_ITEMS,
  groupActions,
  groupItem,
  groupOf,
  nearestGroup,
  nearnessTo,
} from './taste-groups.testing.ts';
import { ALPHA_GRID } from './training/alpha.ts';

const SETTINGS = {
  TRIBUTARY_RETRAIN_SECONDS: '3',
  TRIBUTARY_RETRAIN_INTERVAL_MS: '0',
  TRIBUTARY_RETRAIN_LEASE_MS: '5000',
};
/** A float whose bytes occur nowhere else in the message. */
const STANDS_FOR_NAN = 12_345.5;
/** Long enough for a training while other tests keep the processors busy. */
const TRAINING = { timeoutMs: 60_000 };

describe('the retrain stage', () => {
  let test: TestNamespace;
  let stage: StageProcess;
  let peer: Peer;
  const reading = new AbortController();
  const readers: Promise<unknown>[] = [];
  /** The messages of the stage, as they arrive. */
  const releases = new Map<string, Release>();
  const embeddings = new Map<string, ItemEmbedding>();
  /** Keys of the manifests and of the parts of artefacts. */
  const artefacts = new Set<string>();
  let first: Release;
  let second: Release;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    const now = Date.now();
    await Promise.all([
      ...GROUP_ITEMS.map(putItem),
      ...groupActions(now).map((action) =>
        test.produce('actions', { key: action.userId, value: test.encode('UserAction', action) }),
      ),
    ]);
    readAlong();
    await start();
  });

  after(async () => {
    assert.equal(await stop(), 0, 'drains');
    reading.abort();
    await Promise.all(readers);
    await test.close();
  });

  async function start(settings = {}): Promise<void> {
    const all = { ...SETTINGS, ...settings, TRIBUTARY_NAMESPACE: test.namespace };
    stage = await startStageProcess('retrain', all);
    peer = createPeer({ name: 'retrain', url: stage.url, timeoutMs: 10_000 });
  }

  async function stop(signal?: NodeJS.Signals): Promise<number | null> {
    await peer.close();
    return stage.stop(signal);
  }

  function readAlong(): void {
    const read = (
      topic: 'releases' | 'embeddings' | 'models' | 'model-parts',
      take: (key: string, value: Buffer | null) => unknown,
    ) =>
      readers.push(
        readTopic({
          kafka: test.kafka,
          topic: test.topicOf(topic),
          from: { at: 'beginning' },
          until: 'never',
          signal: reading.signal,
          onMessage: ({ key, value }) => take(String(key), value),
        }),
      );
    read('releases', async (key, value) => releases.set(key, await test.codec.decode('Release', value!)));
    for (const topic of ['models', 'model-parts'] as const)
      read(topic, (key, value) => (value === null ? artefacts.delete(key) : artefacts.add(key)));
    read('embeddings', async (key, value) => {
      if (value === null) embeddings.delete(key);
      else embeddings.set(key, await test.codec.decode('ItemEmbedding', value));
    });
  }

  function putItem(item: Item) {
    return test.produce('items', { key: item.itemId, value: test.encode('Item', item) });
  }

  /** Resolves with the release of the generation when it is in that state. */
  function reaches(generation: string, state: ReleaseState): Promise<Release> {
    return waitFor(
      () => {
        const release = releases.get(generation);
        return release?.state === state && release;
      },
      { message: `${generation} is ${state}`, ...TRAINING },
    );
  }

  async function startTraining(): Promise<string> {
    const { generation } = await peer.post<{ generation: string }>('/retrain', {});
    return generation;
  }

  function vectorsOf({ generation, dimension }: Release): Map<string, Float32Array> {
    return new Map(
      [...embeddings.values()]
        .filter((embedding) => embedding.generation === generation)
        .map(({ itemId, vector }) => [itemId, decodeVector(vector, dimension)]),
    );
  }

  function artefactsOf({ generation }: Release): string[] {
    return [...artefacts].filter((key) => key.split('/')[1] === generation).sort();
  }

  it('trains a generation in which items that are taken together are near', async () => {
    const generation = await startTraining();
    await assert.rejects(startTraining(), { code: 'retrain.running', status: 409 });
    first = await reaches(generation, 'ready');
    await waitFor(() => artefacts.has(`pinsage/${generation}`), { message: 'the weights are there' });
    await waitFor(() => vectorsOf(first).size === first.itemCount, { message: 'all embeddings are there' });
    assert.equal(first.itemCount, GROUP_ITEMS.length);
    assert.ok(ALPHA_GRID.includes(first.alpha), `α is ${first.alpha}`);
    const vectors = vectorsOf(first);
    for (const [itemId, vector] of vectors) assert.equal(nearestGroup(vector, vectors), groupOf(itemId));
    const { last } = await peer.get<RetrainStatus>('/status');
    // So few users choose too little for the combiner to be judged better.
    const without = { combiner: last?.without.combiner };
    assert.match(without.combiner ?? '', /may be a loss/);
    assert.deepEqual(last, { generation, state: 'ready', reason: null, without });
  });

  it('embeds a new item near similar items once the generation is active', async () => {
    const active: Release = { ...first, state: 'active' };
    await test.produce('releases', { key: first.generation, value: test.encode('Release', active) });
    const item = groupItem(1, 'new');
    await putItem(item);
    const embedding = await waitFor(() => embeddings.get(`${first.generation}/${item.itemId}`), {
      message: 'the new item has an embedding',
    });
    assert.equal(embedding.origin, 'inductive');
    const vectors = vectorsOf(first);
    vectors.delete(item.itemId);
    assert.equal(nearestGroup(decodeVector(embedding.vector, first.dimension), vectors), 1);
  });

  it('embeds new items again, of which each comes nearer to the items that users take with it', async () => {
    // Without content, so that only company tells them apart.
    const inCompanyOf = async (group: number) => {
      const item = groupItem(0, `silent ${group}`, { title: '', categories: [] });
      const key = `${first.generation}/${item.itemId}`;
      await putItem(item);
      await waitFor(() => embeddings.get(key)?.basis?.degree === 0, { message: 'the item has an embedding' });
      for (let basket = 0; basket < 4; basket++) {
        const contextId = `company of ${group}, ${basket}`;
        const company = GROUP_ITEMS.filter(({ itemId }) => groupOf(itemId) === group).slice(basket, 4);
        for (const { itemId } of [...company, item]) {
          const eventId = `${contextId} ${itemId}`;
          const action = anAction({ eventId, userId: 'host', itemId, contextId, occurredAt: Date.now() });
          await test.produce('actions', { key: action.userId, value: test.encode('UserAction', action) });
        }
      }
      const again = await waitFor(
        () => {
          const embedding = embeddings.get(key);
          return embedding?.basis?.degree === 4 && embedding;
        },
        { message: 'it is embedded again' },
      );
      return decodeVector(again.vector, first.dimension);
    };
    const vectors = vectorsOf(first);
    const leaning = (vector: Float32Array) => nearnessTo(2, vector, vectors) - nearnessTo(1, vector, vectors);
    assert.ok(leaning(await inCompanyOf(2)) > leaning(await inCompanyOf(1)));
  });

  it('embeds a trained item again when its content changes', async () => {
    const [item] = GROUP_ITEMS;
    const key = `${first.generation}/${item!.itemId}`;
    const before = embeddings.get(key)!;
    await putItem({ ...item!, text: 'as it is described today' });
    const after = await waitFor(
      () => {
        const embedding = embeddings.get(key);
        return embedding !== before && embedding;
      },
      { message: 'it is embedded again' },
    );
    assert.equal(after.origin, 'trained');
    assert.notEqual(after.basis?.content, before.basis?.content);
    const vectors = vectorsOf(first);
    vectors.delete(item!.itemId);
    assert.equal(nearestGroup(decodeVector(after.vector, first.dimension), vectors), groupOf(item!.itemId));
  });

  it('rejects the unfinished generation of a killed process, and leaves the active generation alone', async () => {
    const before = new Map(embeddings);
    const interrupted = await startTraining();
    await reaches(interrupted, 'building');
    await stop('SIGKILL');
    await start();
    const { reason } = await reaches(interrupted, 'rejected');
    assert.equal(reason, INTERRUPTED);
    assert.deepEqual(embeddings, before);
    assert.equal(releases.get(first.generation)?.state, 'active');
  });

  it('drains on SIGTERM in mid-training, and rejects the aborted generation', async () => {
    const interrupted = await startTraining();
    await reaches(interrupted, 'building');
    assert.equal(await stop(), 0);
    const { reason } = await reaches(interrupted, 'rejected');
    assert.equal(reason, INTERRUPTED);
    await start({ TRIBUTARY_INFERENCE_WORKERS: '1' });
  });

  it('trains again with a worker, although the vectors of some items are malformed', async () => {
    const poison = groupItem(2, 'poison', { vector: [1, STANDS_FOR_NAN] });
    await test.produce('items', { key: poison.itemId, value: withNaN(test.encode('Item', poison)) });
    await putItem(groupItem(2, 'long', { vector: [1, 2, 3] }));
    await putItem(groupItem(2, 'well', { vector: [1, 2] }));
    for (const name of ['poison', 'long', 'well']) {
      await waitFor(() => embeddings.has(`${first.generation}/2/${name}`), { message: `${name} was read` });
    }
    second = await reaches(await startTraining(), 'ready');
    assert.equal(second.itemCount, GROUP_ITEMS.length + 6);
  });

  it('removes embeddings and artefacts of a finished generation, and of no other one', async () => {
    const over: Release = { ...first, state: 'rejected', follows: null };
    await test.produce('releases', { key: first.generation, value: test.encode('Release', over) });
    await waitFor(() => vectorsOf(first).size === 0, { message: 'the embeddings are gone' });
    await waitFor(() => artefactsOf(first).length === 0, { message: 'the artefacts are gone' });
    assert.deepEqual(artefactsOf(second), [
      `behaviour/${second.generation}`,
      `behaviour/${second.generation}/0`,
      `pinsage-latents/${second.generation}`,
      `pinsage-latents/${second.generation}/0`,
      `pinsage/${second.generation}`,
      `pinsage/${second.generation}/0`,
      `pinsage/${second.generation}/1`,
      `places/${second.generation}`,
      `places/${second.generation}/0`,
    ]);
    assert.equal(vectorsOf(second).size, second.itemCount);
  });
});

/** A message that a producer in another language may write: our encoder rejects numbers that are not finite. */
function withNaN(message: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(STANDS_FOR_NAN);
  const place = message.indexOf(bytes);
  assert.notEqual(place, -1);
  const poisoned = Buffer.from(message);
  poisoned.writeFloatLE(Number.NaN, place);
  return poisoned;
}
