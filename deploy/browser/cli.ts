// `npm run test:browser`: the pages of the console in Chromium, on real stages. Pictures go to deploy/e2e/.artifacts.
//
// CHROMIUM names the program; default /usr/bin/chromium (Debian: apt-get install chromium).

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exitAfterApi } from '../api/on-api.ts';
import { runTestFiles } from '../api/run-test-files.ts';
import { exitWithFailure } from '../local/failure.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { PROJECT } from '../local/parts.mjs';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  exitWithFailure(
    new SetupError(
      `There is no ${chromium}`,
      'Install Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path',
    ),
  );
}
await exitAfterApi('browser', async ({ api, env }) => {
  await api.rejectOne();
  const files = ['console', 'decisions'].map((name) => join(PROJECT, `deploy/browser/${name}.browser.ts`));
  return runTestFiles(files, { ...env, CHROMIUM: chromium, TRIBUTARY_GATEWAY_URL: api.url });
});
