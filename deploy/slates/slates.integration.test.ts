import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { aProposal, aProposedItem, aReward } from '#contracts/domain/records.testing.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));

describe('npm run slates', () => {
  let test: TestNamespace;
  let stage: StageProcess;
  let rerank: Peer;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    const settings = { TRIBUTARY_RERANK_CANDIDATES_SHARE: '1', TRIBUTARY_RERANK_REFRESH_MS: '50' };
    stage = await startStageProcess('rerank', { TRIBUTARY_NAMESPACE: test.namespace, ...settings });
    rerank = createPeer({ name: 'rerank', url: stage.url, timeoutMs: 10_000 });
    const items = ['tea', 'soap', 'milk', 'oats'].map((itemId, i) => aProposedItem({ itemId, score: 4 - i }));
    const shared = aProposal({ userId: EVERYONE, version: -1, items });
    await test.produce('proposals', { key: EVERYONE, value: test.encode('Proposal', shared) });
    await waitFor(async () => (await slateOf('u0')).slots.length === 3, { message: 'slates have items' });
  });

  after(async () => {
    await rerank.close();
    assert.equal(await stage.stop(), 0, 'drains');
    await test.close();
  });

  const slateOf = (userId: string) => rerank.post<Slate>('/slates', { userId, n: 3 });

  async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, TRIBUTARY_NAMESPACE: test.namespace },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  it('a slate of a running stage is made again to the bit, and another policy is judged by such slates', async () => {
    for (const userId of ['u1', 'u2', 'u3']) {
      const { slateId, slots, featureNames, servedAt } = await slateOf(userId);
      for (const [slot, { itemId, features }] of slots.entries()) {
        const reward = aReward({
          rewardId: `${slateId}/${slot}`,
          sequence: slot + 1,
          slateId,
          userId,
          itemId,
          slot,
          slots: slots.length,
          reward: slot === 1 ? 1 : 0,
          features,
          featureNames,
          servedAt,
          exposure: 'seen',
        });
        await test.produce('rewards', { key: userId, value: test.encode('Reward', reward) });
      }
    }
    const learned = await waitFor(
      async () => {
        const slate = await slateOf('u4');
        return slate.observations >= 3 && slate;
      },
      { message: 'the stage has learned' },
    );
    const replayed = await run('replay', learned.slateId, '--json');
    assert.deepEqual([replayed.code, replayed.stderr], [0, '']);
    const answer = JSON.parse(replayed.stdout.trim().split('\n').at(-1)!) as {
      isSame: boolean;
      differences: string[];
      slots: { itemId: string }[];
    };
    assert.deepEqual([answer.isSame, answer.differences], [true, []]);
    assert.deepEqual(
      answer.slots.map(({ itemId }) => itemId),
      learned.slots.map(({ itemId }) => itemId),
    );

    const judged = await run('judge', 'greedy', '--json');
    assert.deepEqual([judged.code, judged.stderr], [0, '']);
    const figures = JSON.parse(judged.stdout.trim().split('\n').at(-1)!) as {
      slates: number;
      rows: unknown[];
    };
    assert.equal(figures.slates, 3);
    assert.equal(figures.rows.length, 3);
  });

  it('an unknown slate and an unknown policy are refused in one sentence', async () => {
    const slate = await run('replay', 'gone');
    assert.match(slate.stderr, /^The log has no slate gone\.\n$/);
    assert.deepEqual([slate.code, slate.stdout], [1, '']);
    const policy = await run('judge', 'neural');
    assert.match(policy.stderr, /^neural: there is no policy neural; the policies are /);
    assert.equal(policy.stdout, '');
  });
});
