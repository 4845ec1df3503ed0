import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { PROJECT } from '../local/parts.mjs';
import { readDocCommands } from './doc-commands.ts';
import { howItRuns } from './how-it-runs.ts';

/** Time after which an endless command is interrupted, and a stuck one fails, ms. */
const ENOUGH_MS = 8_000;
const STUCK_MS = 60_000;

async function run(shell: string, isEndless: boolean): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', shell], {
    cwd: PROJECT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  // The group of the shell, so that a signal reaches the program behind npm.
  const timer = setTimeout(
    () => process.kill(-child.pid!, isEndless ? 'SIGINT' : 'SIGKILL'),
    isEndless ? ENOUGH_MS : STUCK_MS,
  );
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, output };
}

describe('the commands in the documents', () => {
  // One of the commands writes this file.
  after(() => rmSync(join(PROJECT, 'actions.jsonl'), { force: true }));
  const seen = new Set<string>();
  for (const { file, line, text } of readDocCommands(PROJECT)) {
    const how = howItRuns({ text });
    if (how?.kind !== 'here' || seen.has(how.shell)) continue;
    seen.add(how.shell);
    it(`${file}:${line} ${text.split('\n')[0]}`, async () => {
      // The gateway of the test has a port of its own.
      const shell = how.shell.replaceAll('localhost:18080', process.env.GATEWAY!);
      const { code, output } = await run(shell, how.isEndless);
      // The shell may end by the signal, which the program takes as the end of its work.
      const expected: ReadonlyArray<number | null> = how.isEndless ? [0, 130, null] : [0];
      assert.ok(expected.includes(code), `${code}: ${output}`);
      if (how.isEndless) assert.match(output, /\d/, 'it shows something');
      assert.doesNotMatch(output, /^\s+at .*\(file:/m, output);
    });
  }
});
