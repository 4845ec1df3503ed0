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
const USERS = Array.from({ length: 12 }, (_, user) => `u${user}`);

describe('npm run experiments', () => {
  let test: TestNamespace;
  let stage: StageProcess;
  let rerank: Peer;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    stage = await startStageProcess('rerank', { TRIBUTARY_NAMESPACE: test.namespace });
    rerank = createPeer({ name: 'rerank', url: stage.url, timeoutMs: 10_000 });
    const items = [aProposedItem({ itemId: 'tea' }), aProposedItem({ itemId: 'soap' })];
    const shared = aProposal({ userId: EVERYONE, version: -1, items });
    await test.produce('proposals', { key: EVERYONE, value: test.encode('Proposal', shared) });
    await waitFor(async () => (await slateOf('u0')).slots.length === 2, { message: 'slates have items' });
  });

  after(async () => {
    await rerank.close();
    assert.equal(await stage.stop(), 0, 'drains');
    await test.close();
  });

  const slateOf = (userId: string) => rerank.post<Slate>('/slates', { userId, n: 2 });

  async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, TRIBUTARY_NAMESPACE: test.namespace },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  const becomes = (isIt: (slate: Slate) => boolean, message: string) =>
    waitFor(async () => isIt(await slateOf('u0')), { message });

  it('a started experiment divides the users, the report adds up what the arms earn, and one arm is promoted', async () => {
    const started = await run('start', 'autumn', 'control', 'other=greedy');
    assert.deepEqual([started.code, started.stderr], [0, '']);
    assert.match(started.stdout, /^autumn is running: control 1 by the set policy, other 1 by greedy\n$/);
    await becomes(({ experiment }) => experiment?.startsWith('autumn/') ?? false, 'slates are exposed');

    const slates = await Promise.all(USERS.map(slateOf));
    assert.deepEqual([...new Set(slates.map(({ experiment }) => experiment))].sort(), [
      'autumn/control',
      'autumn/other',
    ]);
    for (const { experiment, policy } of slates)
      assert.equal(policy === 'greedy', experiment === 'autumn/other');
    for (const [index, { slateId, userId }] of slates.entries()) {
      const reward = aReward({
        rewardId: `${slateId}/0`,
        slateId,
        userId,
        sequence: index + 1,
        reward: index % 2,
      });
      await test.produce('rewards', { key: userId, value: test.encode('Reward', reward) });
    }
    const { stdout } = await run('report', '--json');
    const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
      experiment: string;
      arms: { name: string; slates: number; rewards: number }[];
      sampleRatio: { isRight: boolean };
    };
    assert.equal(report.experiment, 'autumn');
    assert.deepEqual(
      report.arms.map(({ name }) => name),
      ['control', 'other'],
    );
    assert.equal(report.arms[0]!.slates + report.arms[1]!.slates, USERS.length);
    assert.equal(report.arms[0]!.rewards + report.arms[1]!.rewards, USERS.length / 2);
    assert.ok(report.sampleRatio.isRight);

    assert.equal((await run('promote', 'autumn', 'other')).code, 0);
    await becomes(
      ({ experiment, policy }) => experiment === null && policy === 'greedy',
      'the arm serves all users',
    );
    assert.equal((await run('stop', 'autumn')).code, 0);
    await becomes(
      ({ experiment, policy }) => experiment === null && policy !== 'greedy',
      'the set policy is back',
    );
  });

  it('an impossible command is refused in one sentence and writes nothing', async () => {
    const before = (await run('list', '--json')).stdout;
    for (const [args, reason] of [
      [['start', 'autumn', 'a', 'b'], /^There was an experiment autumn: choose another name/],
      [['start', 'next', 'a', 'b=neural'], /^b: there is no policy neural; the policies are /],
      [['start', 'next', 'a'], /^arms has 1 arms; /],
      [['stop', 'gone'], /^There is no experiment gone; there are autumn\.\n$/],
      [['promote', 'autumn', 'gone'], /^autumn has no arm gone; its arms are control, other\.\n$/],
      [['report', 'gone'], /^There is no experiment gone; /],
    ] as const) {
      const { code, stdout, stderr } = await run(...args);
      assert.match(stderr, reason);
      assert.deepEqual([code, stdout], [1, '']);
    }
    assert.equal((await run('list', '--json')).stdout, before);
  });
});
