// `npm run generate`: writes the types of the schemas and the tables of the declared settings and metrics. With `--check`
// it writes nothing and exits with 1 if a file is stale.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedRecords } from '#contracts/generated-records.ts';
import { exitWithFailure } from '../local/failure.ts';
import { PROJECT } from '../local/parts.mjs';

const isCheck = process.argv.includes('--check');

function update(path: string, text: string): void {
  const file = join(PROJECT, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  if (isCheck) {
    console.error(`${path} is stale: run npm run generate and commit it.`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`Wrote ${path}.`);
}

update('contracts/generated/records.ts', generatedRecords());
// Loaded late, because the stages that it reads import the records.
const { documents } = await import('./documents.ts');
try {
  for (const { path, text } of await documents()) update(path, text);
} catch (error) {
  exitWithFailure(error);
}
if (process.exitCode === undefined) console.log('All generated files are up to date.');
