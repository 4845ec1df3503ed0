import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  aDeadLetter,
  aMedoid,
  anAction,
  anItem,
  aProposal,
  aReward,
  aSlate,
  aSlot,
  someInterests,
} from '#contracts/domain/records.testing.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { EXIT_CODES } from '#topics/exit-codes.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { PROJECT } from '../local/parts.mjs';

/** The objects of JSON lines. */
function linesOf(text: string): unknown[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

const CLI = join(PROJECT, 'deploy/program/cli.ts');
const NOW = Date.now();

describe('the program on a real log', () => {
  let test: TestNamespace;
  let other: TestNamespace;
  let acted = -1;

  function start(words: readonly string[], { input = '', namespace = test.namespace } = {}) {
    const child = spawn(process.execPath, [CLI, ...words], {
      env: { ...process.env, TRIBUTARY_NAMESPACE: namespace },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    child.stdin.on('error', () => undefined).end(input);
    const closed = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
    return { child, output, closed };
  }

  const run = (words: readonly string[], options?: { input?: string; namespace?: string }) =>
    start(words, options).closed;

  before(async () => {
    [test, other] = await Promise.all([openTestNamespace(), openTestNamespace()]);
    await Promise.all([test.apply(), other.apply()]);
    const trace = Buffer.from('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
    const at = (ms: number) => ({ timestamp: String(NOW - 60_000 + ms) });
    const key = 'ann';
    await test.produce('items', { key: 'tea', value: test.encode('Item', anItem({ title: 'Green tea' })) });
    const action = anAction({ userId: key, occurredAt: NOW - 60_000 });
    ({ offset: acted } = await test.produce('actions', {
      key,
      value: test.encode('UserAction', action),
      headers: { traceparent: trace },
      ...at(0),
    }));
    const interests = someInterests({ userId: key, version: acted, medoids: [aMedoid()] });
    await test.produce('interests', {
      key,
      value: test.encode('UserInterests', interests),
      headers: { traceparent: trace },
      ...at(25),
    });
    await test.produce('proposals', {
      key,
      value: test.encode('Proposal', aProposal({ userId: key, version: acted })),
      ...at(40),
    });
    const slate = aSlate({
      slateId: 'slate-1',
      userId: key,
      servedAt: NOW - 59_900,
      interestsVersion: acted,
      slots: [aSlot({ itemId: 'jam' }), aSlot()],
    });
    await test.produce('slates', { key, value: test.encode('Slate', slate), ...at(100) });
    const reward = aReward({
      slateId: 'slate-1',
      userId: key,
      slot: 1,
      servedAt: slate.servedAt,
      delay: 4_000,
    });
    await test.produce('rewards', { key, value: test.encode('Reward', reward), ...at(9_000) });
    for (const code of ['decode.magic', 'decode.magic', 'time.future'])
      await test.produce('dead-letters', {
        key: 'actions',
        value: test.encode('DeadLetter', aDeadLetter({ code, failedAt: NOW })),
      });
  });

  after(() => Promise.all([test.close(), other.close()]));

  it('tells the story of a user across all topics, with the latency of each hop and what the slate earned', async () => {
    const { code, stdout, stderr } = await run(['tail', '--user', 'ann']);
    assert.equal(code, 0, stderr);
    const topics = stdout.split('\n').flatMap((line) => /^\d\S+ .*? (\w+) \d+:\d+ {2}/.exec(line)?.[1] ?? []);
    assert.deepEqual(topics, ['actions', 'interests', 'proposals', 'slates', 'rewards']);
    assert.match(stdout, /\+25 ms {4}interests .*buy tea “Green tea”.*trace 4bf92f35/);
    assert.match(
      stdout,
      /slates .*slate-1 to ann .*earned 1 \(1 of 2 slots settled\).*100 ms after the action/,
    );
    assert.match(stdout, /2\. tea “Green tea” p=0\.5 from trending → 1 \(buy after 4\.0 s\)/);
    assert.match(stdout, /interests → proposals +1 +15 +15/);
  });

  it('tells the story of an item, of a trace, and says where there is none', async () => {
    const [item, trace, nobody] = await Promise.all([
      run(['tail', '--item', 'tea', '--since', 'beginning', '--json']),
      run(['tail', '--user', 'ann', '--trace', '4bf9', '--json']),
      run(['tail', '--user', 'nobody']),
    ]);
    const topicsOf = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { topic: string }).topic);
    assert.deepEqual(topicsOf(item.stdout).sort(), [
      'actions',
      'interests',
      'items',
      'proposals',
      'rewards',
      'slates',
    ]);
    assert.deepEqual(topicsOf(trace.stdout), ['actions', 'interests']);
    assert.match(nobody.stdout, /The log has nothing of user nobody since -1h: try an earlier --since/);
  });

  it('follows a story as it happens', async () => {
    const { child, output, closed } = start(['tail', '--user', 'ann', '--follow', '--no-titles']);
    await waitFor(() => output.stdout.includes('rewards'), { message: 'the past' });
    await waitFor(
      async () => {
        const value = test.encode(
          'UserAction',
          anAction({ userId: 'ann', itemId: 'jam', type: 'view', occurredAt: Date.now() }),
        );
        await test.produce('actions', { key: 'ann', value });
        return output.stdout.includes('view jam by ann');
      },
      { message: 'the new action' },
    );
    assert.match(output.stdout, /view jam by ann .*was in slot 0 of slates/);
    child.kill('SIGINT');
    const { code, stderr } = await closed;
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('writes back what tail prints: a round trip into another namespace', async () => {
    const topics = ['actions', 'slates', 'items'] as const;
    const tailAll = async (namespace: string) =>
      Promise.all(
        topics.map((topic) => run(['tail', topic, '--from', 'beginning', '--json'], { namespace })),
      ).then((ended) => ended.map(({ stdout }) => stdout));
    const original = await tailAll(test.namespace);
    const { code, stderr } = await run(['produce'], { input: original.join(''), namespace: other.namespace });
    assert.equal(code, 0, stderr);
    const content = (text: string) =>
      linesOf(text).map((line) => {
        const { topic, key, headers, timestamp, value } = line as Record<string, unknown>;
        return JSON.stringify({ topic, key, headers, timestamp, value });
      });
    const copy = await tailAll(other.namespace);
    assert.deepEqual(content(copy.join('')).sort(), content(original.join('')).sort());
  });

  it('writes the valid lines, names the others, and exits with 3', async () => {
    const input =
      '{"userId":"bob","itemId":"cup","type":"view"}\nnonsense\n{"userId":"bob","itemId":"cup","type":"stare"}\n';
    const { code, stdout, stderr } = await run(['produce', 'actions', '--json'], {
      input,
      namespace: other.namespace,
    });
    assert.equal(code, EXIT_CODES.findings, stderr);
    const verdicts = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { status: string; error?: { field: string } });
    assert.deepEqual(
      verdicts.map(({ status, error }) => [status, error?.field]),
      [
        ['written', undefined],
        ['rejected', ''],
        ['rejected', 'type'],
      ],
    );
    assert.match(stderr, /1 message written, 2 lines rejected/);
  });

  it('shows and explains a slate, a user and an item, and exits with 1 for an unknown one', async () => {
    const [shown, explained, user, exported, item, unknown] = await Promise.all([
      run(['slates', 'show', 'slate-1', '--json']),
      run(['slates', 'explain', 'slate-1', '--user', 'ann']),
      run(['users', 'explain', 'ann']),
      run(['users', 'export', 'ann']),
      run(['items', 'show', 'tea']),
      run(['slates', 'show', 'none']),
    ]);
    const { slate, rewards } = JSON.parse(shown.stdout) as { slate: { slateId: string }; rewards: unknown[] };
    assert.deepEqual([slate.slateId, rewards.length], ['slate-1', 1]);
    assert.match(
      explained.stdout,
      /2\. Green tea\n +proposed by trending; .*\n +score 1, shown here with probability 0\.5\n +features bias 1/,
    );
    assert.match(user.stdout, /actions .*\n.*interests .*\n.*proposals .*\n.*slates /);
    assert.ok(exported.stdout.split('\n').length > 5);
    assert.match(
      item.stdout,
      /tea “Green tea”, available\n.*\n +actions .*buy.*\n +slates +shown 1 times, earned 1/,
    );
    assert.equal(unknown.code, EXIT_CODES.failed);
    assert.match(unknown.stderr, /has no slate none/);
  });

  it('exits with 1 and names the id where nothing has it, whichever command looks', async () => {
    const commands = [
      ['users', 'show'],
      ['users', 'explain'],
      ['users', 'export'],
      ['items', 'show'],
      ['slates', 'show'],
      ['slates', 'explain'],
      ['slates', 'replay'],
      ['releases', 'show'],
      ['experiments', 'report'],
    ];
    const ended = await Promise.all(commands.map((words) => run([...words, 'NOPE', '--json'])));
    for (const [place, { code, stdout, stderr }] of ended.entries()) {
      const command = commands[place]!.join(' ');
      assert.deepEqual([code, stdout], [EXIT_CODES.failed, ''], command);
      assert.match(stderr, /NOPE/, command);
    }
  });

  it('counts dead letters by kind', async () => {
    const { stdout } = await run(['topics', 'dead-letters', '--json']);
    const kinds = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { code: string; count: number });
    assert.deepEqual(
      kinds.map(({ code, count }) => [code, count]),
      [
        ['decode.magic', 2],
        ['time.future', 1],
      ],
    );
  });

  it('shows the newest message of each key, and those with a header', async () => {
    await test.produce('items', {
      key: 'tea',
      value: test.encode('Item', anItem({ title: 'Green tea', availability: 'unavailable' })),
    });
    const [latest, traced] = await Promise.all([
      run(['tail', 'items', '--latest-per-key', '--grep', 'unavailable']),
      run(['tail', 'actions', '--from', 'beginning', '--header', 'traceparent~4bf92f35']),
    ]);
    assert.equal(latest.stdout.trim().split('\n').length, 1, latest.stdout + latest.stderr);
    assert.match(traced.stdout, /^\S+ \d:\d+ ann │ buy tea .*\n$/);
  });

  it('doctor examines the servers and the topics, and finds that no stage runs', async () => {
    const { code, stdout, stderr } = await run(['doctor', '--json']);
    assert.equal(code, EXIT_CODES.findings, stderr);
    const { isWell, findings } = JSON.parse(stdout) as {
      isWell: boolean;
      findings: Array<{ subject: string; state: string; remedy?: string }>;
    };
    assert.equal(isWell, false);
    const stateOf = (subject: string) => findings.find((finding) => finding.subject === subject)?.state;
    assert.deepEqual(
      [
        'broker',
        'registry',
        'redis',
        'redis eviction',
        'topics',
        'stage rerank',
        'dead letters of actions',
      ].map(stateOf),
      ['ok', 'ok', 'ok', 'ok', 'ok', 'fault', 'warning'],
    );
    for (const { state, remedy } of findings)
      assert.equal(state === 'fault' || state === 'warning', remedy !== undefined);
  });
});
