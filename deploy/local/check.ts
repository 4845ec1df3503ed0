// `npm run check`: types, lint, format and generated files, without tests.

import { runChecks } from './checks.ts';

const failed = await runChecks();
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
