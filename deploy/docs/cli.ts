// `npm run test:docs`: runs the commands of the documents against running stages.

import { join } from 'node:path';
import { localUrl, urlVariable } from '#stages/stages.ts';
import { exitAfterApi } from '../api/on-api.ts';
import { runTestFiles } from '../api/run-test-files.ts';
import { PROJECT } from '../local/parts.mjs';

await exitAfterApi('docs', async ({ api, env }) => {
  await api.rejectOne();
  return runTestFiles([join(PROJECT, 'deploy/docs/commands.docs.ts')], {
    ...env,
    TRIBUTARY_NAMESPACE: '',
    ...Object.fromEntries(
      Object.entries(api.ports).map(([name, port]) => [urlVariable(name), localUrl(port)]),
    ),
    GATEWAY: new URL(api.url).host,
  });
});
