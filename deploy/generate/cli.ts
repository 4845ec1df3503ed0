// `npm run generate`: writes what is generated from the schemas, and from the declared settings and metrics. With
// `--check` nothing is written, and the exit code says whether every file is up to date.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedRecords } from '#contracts/generated-records.ts';
import { PROJECT } from '../local/parts.mjs';

const isCheck = process.argv.includes('--check');

function bring(path: string, text: string): void {
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

bring('contracts/generated/records.ts', generatedRecords());
// Loaded late, because the stages that it reads import the records.
const { documents } = await import('./documents.ts');
for (const { path, text } of await documents()) bring(path, text);
if (process.exitCode === undefined) console.log('All generated files are up to date.');
