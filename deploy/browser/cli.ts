// `npm run test:browser [-- --pictures]`: the pages of the console in Chromium, on real stages. Pictures go to deploy/e2e/.artifacts;
// with --pictures those of the documents are written as well.
//
// CHROMIUM names the program; default /usr/bin/chromium (Debian: apt-get install chromium).

import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitAfterApi } from '../api/on-api.ts';
import { runTestFiles } from '../api/run-test-files.ts';
import { exitWithFailure } from '../local/failure.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { PROJECT } from '../local/parts.mjs';

const ARTIFACTS = join(PROJECT, 'deploy/e2e/.artifacts');
/** Pictures of the documents, by the picture that a test makes. */
const OF_DOCUMENTS: Readonly<Record<string, string>> = {
  'user-after-actions.png': 'services/docs/console.png',
  'bandit-served.png': 'services/docs/pictures/bandit.png',
  'experiment-running.png': 'services/docs/pictures/experiment.png',
};
const MOST_BYTES = 300_000;

/** @throws SetupError for a picture that is too large to be committed */
function writePictures(): void {
  for (const [made, path] of Object.entries(OF_DOCUMENTS)) {
    const [from, to] = [join(ARTIFACTS, made), join(PROJECT, path)];
    if (statSync(from).size >= MOST_BYTES)
      throw new SetupError(
        `${made} has ${statSync(from).size} bytes`,
        'Show less on it: 300 kB are the most',
      );
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
}

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  exitWithFailure(
    new SetupError(
      `There is no ${chromium}`,
      'Install Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path',
    ),
  );
}
try {
  const { values } = parseArgs({ options: { pictures: { type: 'boolean', default: false } } });
  await exitAfterApi('browser', async ({ api, env }) => {
    await api.rejectOne();
    const files = ['console', 'decisions'].map((name) => join(PROJECT, `deploy/browser/${name}.browser.ts`));
    const code = await runTestFiles(files, { ...env, CHROMIUM: chromium, TRIBUTARY_GATEWAY_URL: api.url });
    if (code === 0 && values.pictures) writePictures();
    return code;
  });
} catch (error) {
  exitWithFailure(error);
}
