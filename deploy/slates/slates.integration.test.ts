import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { aReward } from '#contracts/domain/records.testing.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { type CommandBesideRerank, openCommandBesideRerank } from '../path/command-beside-rerank.testing.ts';

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));

describe('npm run slates', () => {
  let beside: CommandBesideRerank;

  before(async () => {
    const settings = { TRIBUTARY_RERANK_CANDIDATES_SHARE: '1', TRIBUTARY_RERANK_REFRESH_MS: '50' };
    const itemIds = ['tea', 'soap', 'milk', 'oats'];
    beside = await openCommandBesideRerank({ cli: CLI, itemIds, size: 3, settings });
  });

  after(() => beside.close());

  it('a slate of a running stage is made again to the bit, and another policy is judged by such slates', async () => {
    for (const userId of ['u1', 'u2', 'u3']) {
      const { slateId, slots, featureNames, servedAt } = await beside.slateOf(userId);
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
        await beside.test.produce('rewards', { key: userId, value: beside.test.encode('Reward', reward) });
      }
    }
    const learned = await waitFor(
      async () => {
        const slate = await beside.slateOf('u4');
        return slate.observations >= 3 && slate;
      },
      { message: 'the stage has learned' },
    );
    const replayed = await beside.run('replay', learned.slateId, '--json');
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

    const judged = await beside.run('judge', 'greedy', '--json');
    assert.deepEqual([judged.code, judged.stderr], [0, '']);
    const figures = JSON.parse(judged.stdout.trim().split('\n').at(-1)!) as {
      slates: number;
      rows: unknown[];
    };
    assert.equal(figures.slates, 3);
    assert.equal(figures.rows.length, 3);
    const missing = await beside.run('judge', 'fixed(column=sessions.rank)');
    assert.match(missing.stderr, /^No logged candidates have the feature of fixed\(column=sessions\.rank\)/);
    assert.equal(missing.code, 1);
  });

  it('an unknown slate and an unknown policy are refused in one sentence', async () => {
    const slate = await beside.run('replay', 'gone');
    assert.match(slate.stderr, /^The log has no slate gone\.\n$/);
    assert.deepEqual([slate.code, slate.stdout], [1, '']);
    const policy = await beside.run('judge', 'neural');
    assert.match(policy.stderr, /^neural: there is no policy neural; the policies are /);
    assert.equal(policy.stdout, '');
    const none = await beside.run('judge');
    assert.match(none.stderr, /^Name the policy to judge, such as greedy, or a log with --file\.\n$/);
    const file = await beside.run('judge', '--file', '/nowhere/log.jsonl');
    assert.match(
      file.stderr,
      /^The log \/nowhere\/log\.jsonl cannot be read: ENOENT\. Name a file of JSON lines/,
    );
    assert.deepEqual([none.code, file.code].includes(0), false);
  });
});
