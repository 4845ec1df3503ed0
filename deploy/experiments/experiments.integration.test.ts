import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { aReward } from '#contracts/domain/records.testing.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { type CommandBesideRerank, openCommandBesideRerank } from '../path/command-beside-rerank.testing.ts';

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));
const USERS = Array.from({ length: 12 }, (_, user) => `u${user}`);

describe('npm run experiments', () => {
  let beside: CommandBesideRerank;

  before(async () => {
    beside = await openCommandBesideRerank({ cli: CLI, itemIds: ['tea', 'soap'], size: 2 });
  });

  after(() => beside.close());

  const becomes = (isIt: (slate: Slate) => boolean, message: string) =>
    waitFor(async () => isIt(await beside.slateOf('u0')), { message });

  it('a started experiment divides the users, the report adds up what the arms earn, and one arm is promoted', async () => {
    const started = await beside.run('start', 'autumn', 'control', 'other=greedy');
    assert.deepEqual([started.code, started.stderr], [0, '']);
    assert.match(started.stdout, /^autumn is running: control 1 by the set policy, other 1 by greedy\n$/);
    await becomes(({ experiment }) => experiment?.startsWith('autumn/') ?? false, 'slates are exposed');

    const slates = await Promise.all(USERS.map(beside.slateOf));
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
      await beside.test.produce('rewards', { key: userId, value: beside.test.encode('Reward', reward) });
    }
    const { stdout } = await beside.run('report', '--json');
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

    assert.equal((await beside.run('promote', 'autumn', 'other')).code, 0);
    await becomes(
      ({ experiment, policy }) => experiment === null && policy === 'greedy',
      'the arm serves all users',
    );
    const stopped = await beside.run('stop', 'autumn', '--json');
    assert.deepEqual([stopped.code, (JSON.parse(stopped.stdout) as { state: string }).state], [0, 'stopped']);
    await becomes(
      ({ experiment, policy }) => experiment === null && policy !== 'greedy',
      'the set policy is back',
    );
  });

  it('an impossible command is refused in one sentence and writes nothing', async () => {
    const before = (await beside.run('list', '--json')).stdout;
    for (const [args, reason] of [
      [['start', 'autumn', 'a', 'b'], /^There was an experiment autumn: choose another name/],
      [['start', 'next', 'a', 'b=neural'], /^b: there is no policy neural; the policies are /],
      [['start', 'next', 'a'], /^arms has 1 arms; /],
      [
        ['start', 'next', 'a', 'b=fixed(column=sessions.rank)'],
        /^b: none of the last \d+ slates has the feature sessions\.rank; they have .*\.rank/,
      ],
      [['stop', 'gone'], /^There is no experiment gone; there are autumn\.\n$/],
      [['promote', 'autumn', 'gone'], /^autumn has no arm gone; its arms are control, other\.\n$/],
      [['report', 'gone'], /^There is no experiment gone; /],
    ] as const) {
      const { code, stdout, stderr } = await beside.run(...args);
      assert.match(stderr, reason);
      assert.deepEqual([code, stdout], [1, '']);
    }
    assert.equal((await beside.run('list', '--json')).stdout, before);
  });
});
