import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { anAction } from '#contracts/domain/records.testing.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));

describe('the command line of topics', () => {
  let test: TestNamespace;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    for (let index = 0; index < 200; index++) {
      const value = test.encode('UserAction', anAction({ userId: 'ann' }));
      await test.produce('actions', { key: 'ann', value });
    }
  });

  after(() => test.close());

  /** Starts the command line in the namespace of the test. */
  function start(args: readonly string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, TRIBUTARY_NAMESPACE: test.namespace, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    const closed = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
    return { child, closed };
  }

  it('reports each error in one sentence, with an exit code for its kind', async () => {
    const cases: readonly [readonly string[], RegExp, number, Record<string, string>?][] = [
      [
        ['list'],
        /^No Kafka broker answers .*127\.0\.0\.1:9.*KAFKA_BROKERS/,
        EXIT_CODES.unreachable,
        { KAFKA_BROKERS: '127.0.0.1:9' },
      ],
      [
        ['plan'],
        /^The Schema Registry at http:\/\/127\.0\.0\.1:9 /,
        EXIT_CODES.unreachable,
        { SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9' },
      ],
      [
        ['tail', 'actions'],
        /has no topic nowhere\.actions: npm run topics/,
        EXIT_CODES.failed,
        { TRIBUTARY_NAMESPACE: 'nowhere' },
      ],
      [['tail', 'clicks'], /The topics are actions, items/, EXIT_CODES.usage],
      [['tail', 'actoins'], /Did you mean actions\?/, EXIT_CODES.usage],
      [['tial', 'actions'], /Did you mean tail\?/, EXIT_CODES.usage],
      [['requeue', '--offset', '1772366400000'], /looks like a time: did you mean --from/, EXIT_CODES.usage],
      [['tail', 'actions', '--from', 'monday'], /--from “monday”: write beginning/, EXIT_CODES.usage],
      [
        ['tail', 'actions', '--filter', 'kind=buy'],
        /UserAction has no field kind; its fields are eventId/,
        EXIT_CODES.usage,
      ],
      [['tail', 'actions', '--limit', '0'], /at least 1/, EXIT_CODES.usage],
      [
        ['apply', '--retention', 'actions=soon'],
        /--retention “actions=soon”: write topic=days/,
        EXIT_CODES.usage,
      ],
      [['apply', '--retention', 'items=3'], /items is compacted/, EXIT_CODES.usage],
    ];
    await Promise.all(
      cases.map(async ([args, expected, exitCode, environment]) => {
        const { code, stderr, stdout } = await start(args, environment).closed;
        assert.equal(code, exitCode, args.join(' '));
        assert.match(stderr, expected);
        assert.doesNotMatch(stderr, /^\s+at /m, 'no stack');
        assert.equal(stdout, '');
      }),
    );
  });

  it('explains its options with --help', async () => {
    const { code, stdout } = await start(['tail', '--help']).closed;
    assert.equal(code, 0);
    for (const word of ['last:10', '--filter', 'Examples:', 'dead-letters'])
      assert.ok(stdout.includes(word), word);
  });

  /** Waits for the first output; if the command exits without any, fails with its standard error. */
  async function firstOutput(
    { stdout }: ChildProcessByStdio<null, Readable, Readable>,
    closed: Promise<Ended>,
  ) {
    const failed = closed.then(({ code, stderr }) => assert.fail(`exited with ${code}: ${stderr}`));
    await Promise.race([once(stdout, 'data'), failed]);
    // From here on the test itself awaits the exit.
    failed.catch(() => undefined);
  }

  it('plans no change after apply', async () => {
    const { code, stdout } = await start(['plan']).closed;
    assert.equal(code, 0);
    assert.match(stdout, /^Nothing to do/);
  });

  it('exits with 0 when the reader of its output closes the pipe', async () => {
    const { child, closed } = start(['tail', 'actions', '--follow', '--from', 'beginning', '--full']);
    await firstOutput(child, closed);
    child.stdout.destroy();
    // Messages that arrive from now on cannot be written any more.
    await test.produce('actions', {
      key: 'ann',
      value: test.encode('UserAction', anAction({ userId: 'ann' })),
    });
    const { code, stderr } = await closed;
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });

  it('exits with 0 at Ctrl-C', async () => {
    const { child, closed } = start(['tail', 'actions', '--follow', '--from', 'beginning']);
    await firstOutput(child, closed);
    child.kill('SIGINT');
    child.kill('SIGINT');
    const { code, stderr, stdout } = await closed;
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.match(stdout, /buy tea by ann/);
  });
});
