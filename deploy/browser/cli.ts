// `npm run test:browser`: the pages of the console in Chromium, on real stages. Pictures go to deploy/e2e/.artifacts.
//
// CHROMIUM names the program; default /usr/bin/chromium (Debian: apt-get install chromium).

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from '../api/start-api.ts';
import { exitWithFailure } from '../local/failure.ts';
import { runForeground } from '../local/foreground.mjs';
import { SetupError } from '../local/parts/setup-error.mjs';
import { PROJECT } from '../local/parts.mjs';
import { startStack } from '../local/stack.ts';

async function main(): Promise<number> {
  const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(chromium))
    throw new SetupError(
      `There is no ${chromium}`,
      'Install Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path',
    );
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-browser-'));
  const stack = await startStack({ runDirectory, onUnexpectedExit: exitWithFailure });
  try {
    const api = await startApi(stack.env, runDirectory, exitWithFailure);
    try {
      return await runForeground(
        process.execPath,
        [
          '--test',
          '--test-force-exit',
          '--test-reporter=spec',
          join(PROJECT, 'deploy/browser/console.browser.ts'),
        ],
        {
          cwd: PROJECT,
          env: { ...process.env, ...stack.env, CHROMIUM: chromium, TRIBUTARY_GATEWAY_URL: api.url },
        },
      );
    } finally {
      await api.stop();
    }
  } finally {
    await stack.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  exitWithFailure(error);
}
