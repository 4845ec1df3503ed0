import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
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
  const seen = new Set<string>();
  for (const { file, line, text } of readDocCommands(PROJECT)) {
    const how = howItRuns({ text });
    if (how?.kind !== 'here' || seen.has(how.shell)) continue;
    seen.add(how.shell);
    it(`${file}:${line} ${text.split('\n')[0]}`, async () => {
      const { code, output } = await run(how.shell, how.isEndless);
      // npm ends with the number of the signal, the program with 0.
      const expected = how.isEndless ? [0, 130] : [0];
      assert.ok(expected.includes(code ?? -1), `${code}: ${output}`);
      assert.doesNotMatch(output, /^\s+at .*\(file:/m, output);
    });
  }
});
