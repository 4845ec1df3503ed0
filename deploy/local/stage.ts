// `npm run stage NAME`: runs one stage in the foreground, configured by its environment variables.

import { exitWithFailure } from './failure.ts';
import { runForeground } from './foreground.mjs';
import { stageArguments } from './stage-launch.ts';

try {
  process.exitCode = await runForeground(process.execPath, stageArguments(process.argv[2] ?? ''));
} catch (error) {
  exitWithFailure(error);
}
