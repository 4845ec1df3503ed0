// `npm run test:docs`: runs the commands of the documents against running stages.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from '../api/start-api.ts';
import { exitWithFailure } from '../local/failure.ts';
import { runForeground } from '../local/foreground.mjs';
import { PROJECT } from '../local/parts.mjs';
import { startStack } from '../local/stack.ts';

async function main(): Promise<number> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-docs-'));
  const stack = await startStack({ runDirectory, onUnexpectedExit: exitWithFailure });
  try {
    const api = await startApi(stack.env, runDirectory, exitWithFailure);
    await api.rejectOne();
    try {
      return await runForeground(
        process.execPath,
        [
          '--test',
          '--test-force-exit',
          '--test-reporter=spec',
          join(PROJECT, 'deploy/docs/commands.docs.ts'),
        ],
        {
          cwd: PROJECT,
          env: {
            ...process.env,
            ...stack.env,
            TRIBUTARY_NAMESPACE: '',
            TRIBUTARY_GATEWAY_URL: api.url,
            GATEWAY: new URL(api.url).host,
          },
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
