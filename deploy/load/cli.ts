// `npm run load`: your own actions and items into a running Tributary. `-- --help` lists the options.

import { join } from 'node:path';
import { exitOfWords } from '#topics/command-line.ts';
import { exitWithFailure } from '../local/failure.ts';
import { cacheFolder } from '../local/parts/cache.mjs';
import { readProgramConfig } from '../program/config.ts';
import { loadExitCode, loadFailure } from './failures.ts';
import { parseLoadOptions, wasPrinted } from './options.ts';
import { askOnTerminal, renderLoad, runLoad } from './run.ts';

let gateway = '';
try {
  const options = parseLoadOptions(process.argv.slice(2));
  gateway = options.gateway ?? readProgramConfig().stageUrls.gateway!;
  const summary = await runLoad(
    { ...options, gateway },
    {
      folder: join(cacheFolder(process.env), 'load'),
      stream: process.stderr,
      now: Date.now,
      ask: process.stdin.isTTY ? askOnTerminal : undefined,
    },
  );
  console.log(options.json ? JSON.stringify(summary) : renderLoad(summary));
} catch (error) {
  if (wasPrinted(error)) exitOfWords(error);
  else exitWithFailure(loadFailure(error, gateway), loadExitCode(error));
}
