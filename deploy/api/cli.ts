// `npm run test:api [-- --examples N --seed N]`: tries every route of the gateway with generated requests (schemathesis). The run
// fails at a 5xx, at a status or a media type that /openapi.json does not name, and at a body that differs from its schema.

import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitWithFailure } from '../local/failure.ts';
import { runForeground } from '../local/foreground.mjs';
import { bringParts, PROJECT } from '../local/parts.mjs';
import { exitAfterApi } from './on-api.ts';

/** Read from the folder in which the program runs; it writes files there too. */
const CONFIG = join(PROJECT, 'deploy/api/schemathesis.toml');
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
];

try {
  const { values } = parseArgs({
    options: { examples: { type: 'string', default: '40' }, seed: { type: 'string', default: '1' } },
  });
  const { 'peer:schemathesis': location } = await bringParts(['peer:schemathesis'], { quiet: true });
  await exitAfterApi('api', ({ api, runDirectory }) => {
    copyFileSync(CONFIG, join(runDirectory, basename(CONFIG)));
    return runForeground(
      location!.python,
      [
        // The scripts of the environment name the folder in which it was made.
        ...['-c', 'from schemathesis.cli import schemathesis; schemathesis()'],
        ...['run', `${api.url}/openapi.json`, '--checks', CHECKS.join(',')],
        ...['--max-examples', values.examples, '--seed', values.seed],
        ...['--request-timeout', '10', '--no-color', '--max-failures', '20'],
      ],
      { cwd: runDirectory },
    );
  });
} catch (error) {
  exitWithFailure(error);
}
