import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { anAction } from '#contracts/domain/records.testing.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { someRelease } from '../../services/retrain/records.testing.ts';

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));
/** The neighbours of milk differ between the generations. */
const NEAR_MILK = { g1: 'oats', g2: 'soap', g3: 'bread' } as const;
const ITEMS = ['milk', ...Object.values(NEAR_MILK)];

describe('npm run releases', () => {
  let test: TestNamespace;
  let stages: StageProcess[];
  let index: Peer;
  let interests: Peer;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    const settings = { TRIBUTARY_NAMESPACE: test.namespace };
    const [first, second] = await Promise.all(
      ['index', 'interests'].map((name) => startStageProcess(name, settings)),
    );
    stages = [first!, second!];
    index = createPeer({ name: 'index', url: first!.url, timeoutMs: 10_000 });
    interests = createPeer({ name: 'interests', url: second!.url, timeoutMs: 10_000 });
    const action = anAction({ itemId: 'milk', occurredAt: Date.now() });
    await test.produce('actions', { key: action.userId, value: test.encode('UserAction', action) });
    for (const generation of ['g1', 'g2'] as const) {
      await publish(generation);
      await isServed(generation);
    }
  });

  after(async () => {
    await Promise.all([index.close(), interests.close()]);
    for (const stage of stages) assert.equal(await stage.stop(), 0, 'drains');
    await test.close();
  });

  async function putRelease(generation: string, state: 'building' | 'ready' | 'rejected'): Promise<void> {
    const release = someRelease(generation, state, {
      dimension: 2,
      itemCount: ITEMS.length,
      metrics: { hitRateAt10: 0.25 },
      modelCard: '{"codeVersion":"1.2.3"}',
      reason: state === 'rejected' ? 'worse than the content' : null,
    });
    await test.produce('releases', { key: generation, value: test.encode('Release', release) });
  }

  async function putEmbedding(generation: keyof typeof NEAR_MILK, itemId: string): Promise<void> {
    const isNear = itemId === 'milk' || itemId === NEAR_MILK[generation];
    const vector = encodeVector(Float32Array.of(...(isNear ? [1, 0] : [0, 1])));
    const value = test.encode('ItemEmbedding', {
      generation,
      itemId,
      vector,
      origin: 'trained',
      basis: null,
    });
    await test.produce('embeddings', { key: `${generation}/${itemId}`, value });
  }

  async function publish(generation: keyof typeof NEAR_MILK): Promise<void> {
    for (const itemId of ITEMS) await putEmbedding(generation, itemId);
    await putRelease(generation, 'ready');
  }

  /** The index answers from the generation, and the user's medoids are in it. */
  async function isServed(generation: keyof typeof NEAR_MILK): Promise<void> {
    await waitFor(
      async () => {
        const { active } = await index.get<{ active: { generation: string } | null }>('/status');
        return active?.generation === generation;
      },
      { message: `the index serves ${generation}` },
    );
    const { items } = await index.get<{ items: { itemId: string }[] }>('/items/milk/similar?n=1');
    assert.deepEqual(items[0]?.itemId, NEAR_MILK[generation]);
    await waitFor(async () => (await interestsOf('u1'))?.generation === generation, {
      message: `the interests are in ${generation}`,
    });
  }

  /** Undefined until the stage has read the user's first action. */
  function interestsOf(userId: string): Promise<UserInterests | undefined> {
    return interests.get<UserInterests>(`/users/${userId}`).catch((error: unknown) => {
      if (error instanceof TributaryError && error.code === 'user.unknown') return undefined;
      throw error;
    });
  }

  async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, TRIBUTARY_NAMESPACE: test.namespace },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  async function states(): Promise<Record<string, string>> {
    const { stdout } = await run('list', '--json');
    const releases = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { generation: string; state: string });
    return Object.fromEntries(releases.map(({ generation, state }) => [generation, state]));
  }

  it('the command lists the generations and shows one with its model card', async () => {
    const { stdout } = await run('list');
    assert.match(stdout, /^GENERATION .*\ng2 +active +4 .* 0\.25 +–.*\ng1 +retired .* superseded by g2\n$/s);
    assert.match((await run('show', 'g2')).stdout, /4 of 4 in the log.*codeVersion {2}1\.2\.3\n$/s);
    const shown = JSON.parse((await run('show', 'g1', '--json')).stdout) as Record<string, unknown>;
    assert.equal(shown.trainedEmbeddings, 4);
    assert.deepEqual(shown.modelCard, { codeVersion: '1.2.3' });
  });

  it('a rollback makes index and interests serve the former generation again', async () => {
    const { code, stdout, stderr } = await run('rollback');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /g1 is active\.\n$/);
    await isServed('g1');
    assert.deepEqual(await states(), { g1: 'active', g2: 'retired' });
  });

  it('a generation is activated by name', async () => {
    assert.equal((await run('activate', 'g2')).code, 0);
    await isServed('g2');
    assert.deepEqual(await states(), { g1: 'retired', g2: 'active' });
  });

  it('the activated generation is still served after a restart', async () => {
    assert.equal((await run('activate', 'g1')).code, 0);
    await isServed('g1');
    const settings = { TRIBUTARY_NAMESPACE: test.namespace };
    assert.equal(await stages[0]!.stop(), 0);
    stages[0] = await startStageProcess('index', settings);
    await index.close();
    index = createPeer({ name: 'index', url: stages[0].url, timeoutMs: 10_000 });
    await isServed('g1');
  });

  it('a retired waiting generation never takes over', async () => {
    await putRelease('g3', 'ready');
    assert.match((await run('retire', 'g3')).stdout, /^g3 is retired\.\n$/);
    for (const itemId of ITEMS) await putEmbedding('g3', itemId);
    assert.match((await run('show', 'g3')).stdout, /^state .*retired since .*: retired by hand$/m);
    await isServed('g1');
  });

  it('an impossible command is refused in one sentence and writes nothing', async () => {
    await putRelease('g4', 'rejected');
    await test.produce('embeddings', { key: 'g2/soap', value: null });
    const before = await states();
    for (const [args, reason] of [
      [['activate', 'g9'], /^There is no generation g9: .*\n$/],
      [['show', 'g9'], /^There is no generation g9: .*\n$/],
      [['activate', 'g1'], /^g1 is active already\.\n$/],
      [['activate', 'g2'], /^g2 cannot be served: the log holds only 3 of its 4 trained embeddings\.\n$/],
      [['activate', 'g4'], /^g4 was rejected and never serves: worse than the content\.\n$/],
      [['rollback'], /^No retired generation is older than the active g1\.\n$/],
      [['retire', 'g1'], /^g1 is active: .*\n$/],
    ] as const) {
      const { code, stdout, stderr } = await run(...args);
      assert.match(stderr, reason);
      assert.deepEqual([code, stdout], [1, '']);
    }
    assert.deepEqual(await states(), before);
  });
});
