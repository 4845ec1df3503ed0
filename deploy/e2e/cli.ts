// `npm run test:scale-out`: the end-to-end test with several processes of each stage, on servers of several nodes. It needs about 6 GiB.

import { join } from 'node:path';
import { runTestFiles } from '../api/run-test-files.ts';
import { exitWithFailure } from '../local/failure.ts';
import { PROJECT } from '../local/parts.mjs';

try {
  process.exitCode = await runTestFiles([join(PROJECT, 'deploy/e2e/scale-out.e2e.ts')], {});
} catch (error) {
  exitWithFailure(error);
}
