import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { ERROR_REMEDIES } from '#contracts/errors.ts';
import { EXIT_CODES } from '#topics/exit-codes.ts';
import { PROJECT } from '../local/parts.mjs';
import { describeProgram } from './build-program.ts';
import { completionScript } from './completion.ts';
import { COMMANDS } from './registry.ts';

const run = promisify(execFile);
const CLI = join(PROJECT, 'deploy/program/cli.ts');

/** Runs the program with addresses at which nothing listens. */
async function tributary(...words: string[]) {
  const env = { ...process.env, KAFKA_BROKERS: '127.0.0.1:9', TRIBUTARY_GATEWAY_URL: 'http://127.0.0.1:9' };
  try {
    return { code: 0, ...(await run(process.execPath, [CLI, ...words], { env })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

describe('the program tributary', () => {
  it('has every script that its registry names', () => {
    for (const { run: how } of COMMANDS)
      if ('script' in how) assert.ok(existsSync(join(PROJECT, how.script)), how.script);
  });

  it('suggests the command, the option or the value that was probably meant, and exits with 2', async () => {
    const cases: ReadonlyArray<readonly [readonly string[], RegExp]> = [
      [['docter'], /Did you mean doctor\?/],
      [['users', 'shwo', '900'], /Did you mean show\?/],
      [['tail', 'actions', '--folow'], /Did you mean --follow\?/],
      [['tail', 'acts'], /Did you mean actions\?|The topics are/],
      [
        ['trigger', 'buys', '--user', '1', '--item', '2'],
        /Did you mean buy\? Allowed choices are view, click/,
      ],
      [['topics', 'requeue', '--code', 'decode.magc'], /did you mean decode\.magic\?/],
      [['topics', 'plan', '--retention', 'actoins=5'], /did you mean the topic actions\?/],
      [['tail', 'actions', '--filter', 'tpye=buy'], /did you mean type\?/],
      [['tail', 'actions', '--since', '2026-03-01 12:00'], /did you mean 2026-03-01T12:00Z \(UTC\)\?/],
      [['trigger', 'buy', '--user', '1'], /required option '--item <id>'/],
      [['tail'], /name a topic, or --user ID, or --item ID/],
      [['tail', '--user', '1', '--key', '2'], /--key selects messages of one topic/],
      [['tail', '--user', '1', '--since', '5m'], /did you mean -5m\?/],
      [['tail', '--user', '1', '--trace', 'xyz'], /--trace “xyz”/],
      [['replay', '--filter', 'tpye=buy'], /did you mean type\?/],
      [['replay', '--gateway', 'nowhere'], /Expected an address such as http/],
      [['produce', 'actions', '--file', 'absent.jsonl'], /there is no file absent\.jsonl/],
      [['replay', '--as', 'old'], /Expected logged or new/],
      [['completion', 'fish'], /Allowed choices are bash, zsh/],
      [['completion', 'bsh'], /Did you mean bash\?/],
    ];
    await Promise.all(
      cases.map(async ([words, expected]) => {
        const { code, stderr } = await tributary(...words);
        assert.match(stderr, expected, words.join(' '));
        assert.equal(code, EXIT_CODES.usage, words.join(' '));
        assert.doesNotMatch(stderr, /^\s+at /m, 'no stack');
      }),
    );
  });

  it('exits with 4 where a server does not answer', async () => {
    for (const words of [
      ['tail', '--user', '1'],
      ['items', 'similar', '1'],
      ['trigger', 'buy', '--user', '1', '--item', '2'],
    ]) {
      const { code, stderr } = await tributary(...words);
      assert.equal(code, EXIT_CODES.unreachable, stderr);
    }
  });

  it('writes no colours into a pipe', async () => {
    const { stdout } = await tributary('doctor');
    assert.ok(!stdout.includes('\u001b'));
    assert.match(stdout, /broker: No Kafka broker answers/);
  });

  it('lists every command with its summary', async () => {
    const { stdout } = await tributary('--help');
    for (const { path, summary } of COMMANDS)
      if (path.length === 1) assert.ok(stdout.includes(summary.slice(0, 30)), summary);
    assert.match(stdout, /Exit codes:/);
  });
});

describe('the commands of the program', () => {
  it('each print JSON where it is asked for, but for the completion script', async () => {
    const without: string[] = [];
    const visit = (command: Command, path: string): void => {
      const isLeaf = command.commands.length === 0;
      if (isLeaf && !command.options.some(({ long }) => long === '--json')) without.push(path);
      for (const part of command.commands) visit(part, `${path} ${part.name()}`.trim());
    };
    visit(await describeProgram(), '');
    assert.deepEqual(without, ['completion']);
  });
});

describe('the completion of words', () => {
  let script = '';
  before(async () => {
    script = completionScript(await describeProgram(), 'bash');
  });

  async function complete(...words: string[]): Promise<string[]> {
    const line = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _tributary; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['-c', line]);
    return stdout.split('\n').filter((word) => word !== '');
  }

  it('completes commands, sub-commands, options and their values in bash', async () => {
    assert.deepEqual(await complete('tributary', 'do'), ['doctor']);
    assert.deepEqual(await complete('tributary', 'users', ''), ['show', 'explain', 'export', '--help']);
    assert.deepEqual(await complete('tributary', 'topics', 'tail', 'act'), ['actions']);
    assert.deepEqual(await complete('tributary', 'tail', '--user', '5', '--fo'), ['--follow']);
    assert.deepEqual(await complete('tributary', 'topics', 'requeue', '--topic', 'sla'), ['slates']);
    assert.deepEqual(await complete('tributary', 'trigger', 'bu'), ['buy']);
    assert.deepEqual(await complete('tributary', 'load', '--enc'), ['--encoding']);
    assert.deepEqual(await complete('tributary', 'load', '--encoding', 'win'), ['windows-1252']);
    assert.deepEqual(await complete('tributary', 'demo', '--dataset', 'ml'), ['ml-100k']);
  });

  it('has the same words in zsh, which reads scripts of bash', async () => {
    const zsh = completionScript(await describeProgram(), 'zsh');
    assert.ok(zsh.includes('bashcompinit'));
    assert.ok(zsh.endsWith(script.split('\n').slice(1).join('\n')));
  });
});

describe('the remedies', () => {
  it('name no command that the program does not have', () => {
    const names = new Set(COMMANDS.map(({ path }) => path[0]));
    for (const remedy of Object.values(ERROR_REMEDIES))
      for (const [, word] of remedy.matchAll(/`tributary (\w+)/g)) assert.ok(names.has(word!), remedy);
  });
});
