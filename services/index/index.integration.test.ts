import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anItem } from '#contracts/domain/records.testing.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { embedding, release } from '#published/releases.testing.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';

interface Status {
  readonly active: { readonly generation: string; readonly items: number } | null;
  readonly held: readonly string[];
}

describe('the index stage', () => {
  let test: TestNamespace;
  let stage: StageProcess;
  let peer: Peer;
  const snapshots = mkdtempSync(join(tmpdir(), 'index-snapshots-'));

  async function start(): Promise<void> {
    stage = await startStageProcess('index', {
      TRIBUTARY_NAMESPACE: test.namespace,
      TRIBUTARY_INDEX_SNAPSHOTS: snapshots,
    });
    peer = createPeer({ name: 'index', url: stage.url, timeoutMs: 10_000 });
  }

  async function stop(): Promise<number | null> {
    await peer.close();
    return stage.stop();
  }

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    await start();
  });

  after(async () => {
    await stop();
    await test.close();
    rmSync(snapshots, { recursive: true });
  });

  const putRelease = (one: Release) =>
    test.produce('releases', { key: one.generation, value: test.encode('Release', one) });
  const putEmbedding = (one: ItemEmbedding) =>
    test.produce('embeddings', {
      key: embeddingKey(one),
      value: test.encode('ItemEmbedding', one),
    });
  const putItem = (itemId: string, title: string, availability: Item['availability'] = 'available') => {
    const item = anItem({ itemId, title, availability });
    return test.produce('items', { key: itemId, value: test.encode('Item', item) });
  };
  const serves = (generation: string) =>
    waitFor(
      async () => {
        const { active } = await peer.get<Status>('/status');
        return active?.generation === generation && active;
      },
      { message: `${generation} serves` },
    );
  const similarTo = async (itemId: string): Promise<string[]> => {
    const { items } = await peer.get<{ items: { title: string }[] }>(`/items/${itemId}/similar?n=5`);
    return items.map(({ title }) => title);
  };

  async function publish(generation: string, milkLike: string): Promise<void> {
    await putRelease(release(generation, 'building', 3));
    await putEmbedding(embedding(generation, 'milk', [1, 0]));
    await putEmbedding(embedding(generation, 'oats', milkLike === 'oats' ? [1, 0.2] : [0, 1]));
    await putEmbedding(embedding(generation, 'soap', milkLike === 'soap' ? [1, 0.2] : [0, 1]));
    await putRelease(release(generation, 'ready', 3));
  }

  it('the index is ready on an empty log and answers index.empty', async () => {
    assert.deepEqual(await peer.get('/status'), { active: null, held: [], shard: 0, shards: 1 });
    await assert.rejects(peer.get('/items/milk/similar'), { code: 'index.empty', status: 503 });
  });

  it('the index serves a generation once all of it is published, and declares it active', async () => {
    for (const [itemId, title] of [
      ['milk', 'Whole Milk'],
      ['oats', 'Oats'],
      ['soap', 'Soap'],
    ] as const) {
      await putItem(itemId, title);
    }
    await publish('g1', 'oats');
    assert.equal((await serves('g1')).items, 3);
    await waitFor(async () => (await similarTo('milk')).join() === 'Oats,Soap', {
      message: 'titles are there',
    });
    await assert.rejects(peer.get('/items/tea/similar'), { code: 'item.unknown', status: 404 });
    const answer = await peer.post<object>('/items', { itemIds: ['milk', 'tea'] });
    assert.deepEqual(answer, {
      items: { milk: { title: 'Whole Milk', availability: 'available' } },
      isKept: true,
    });
  });

  it('a search takes items and vectors, and runs in the generation that it names', async () => {
    const search = (body: object) => peer.post<{ generation: string; results: object[] }>('/search', body);
    const { generation, results } = await search({
      generation: 'g1',
      k: 1,
      queries: [{ itemId: 'milk' }, { vector: [0, 2] }, { itemId: 'tea' }],
    });
    assert.equal(generation, 'g1');
    const [byItem, byVector, unknown] = results as { neighbours?: { itemId: string }[] }[];
    assert.deepEqual(
      byItem?.neighbours?.map(({ itemId }) => itemId),
      ['oats'],
    );
    assert.deepEqual(
      byVector?.neighbours?.map(({ itemId }) => itemId),
      ['soap'],
    );
    assert.deepEqual(unknown, { error: 'item.unknown' });
    await assert.rejects(search({ generation: 'g0', k: 1, queries: [] }), {
      code: 'generation.unknown',
      status: 409,
    });
    await assert.rejects(search({ generation: 'g9', k: 1, queries: [] }), {
      code: 'generation.undeclared',
      status: 503,
      retryable: true,
    });
    await assert.rejects(search({ k: 1, queries: [{ vector: [1, null] }] }), {
      code: 'field.invalid',
      field: 'queries[0].vector[1]',
    });
    await assert.rejects(search({ k: 0, queries: [] }), { code: 'field.invalid', field: 'k' });
    await assert.rejects(search({ queries: [] }), { code: 'field.missing', field: 'k' });
  });

  it('/vectors gives the vectors of a generation, equal in every bit', async () => {
    const ask = (body: object) => peer.post<{ vectors: Record<string, string> }>('/vectors', body);
    const { vectors } = await ask({ generation: 'g1', itemIds: ['soap', 'tea'] });
    assert.deepEqual(Object.keys(vectors), ['soap']);
    assert.deepEqual(decodeVector(Buffer.from(vectors.soap ?? '', 'base64'), 2), Float32Array.of(0, 1));
    await assert.rejects(ask({ generation: 'g0', itemIds: [] }), { code: 'generation.unknown', status: 409 });
    await assert.rejects(ask({ itemIds: [] }), { code: 'field.missing', field: 'generation' });
  });

  it('the index flips to the next generation and hides unavailable items', async () => {
    await publish('g2', 'soap');
    await serves('g2');
    assert.deepEqual(await similarTo('milk'), ['Soap', 'Oats']);
    assert.deepEqual((await peer.get<Status>('/status')).held, ['g2', 'g1']);
    await putItem('soap', 'Soap', 'unavailable');
    await waitFor(async () => (await similarTo('milk')).join() === 'Oats', { message: 'soap is hidden' });
  });

  it('the index drains on SIGTERM and serves the active generation again after a restart', async () => {
    assert.equal(await stop(), 0);
    await start();
    const active = { generation: 'g2', items: 2, duplicates: 0 };
    assert.deepEqual(await peer.get('/status'), { active, held: ['g2'], shard: 0, shards: 1 });
    assert.deepEqual(await similarTo('milk'), ['Oats']);
    const restored = await (await fetch(new URL('/metrics', stage.url))).text();
    assert.match(restored, /^tributary_index_restored_total(\{.*\})? 1$/m);
  });
});
