/**
 * Writes generated/records.ts from schemas/*.avsc: `npm run generate`. With `--check` nothing is written and
 * the exit code says whether the file is what it would be.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AvroRecord } from './avro.ts';
import { renderRecords } from './render.ts';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const SCHEMAS = join(FOLDER, 'schemas');
const OUTPUT = join(FOLDER, 'generated', 'records.ts');

/** The schemas of the folder by file name: file systems list in any order, the output must not vary. */
function readSchemas(): readonly AvroRecord[] {
  return readdirSync(SCHEMAS)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as AvroRecord);
}

function isStale(expected: string): boolean {
  try {
    return readFileSync(OUTPUT, 'utf8') !== expected;
  } catch {
    return true;
  }
}

const expected = renderRecords(readSchemas());
if (!isStale(expected)) {
  console.log('contracts/generated/records.ts is up to date.');
} else if (process.argv.includes('--check')) {
  console.error(
    'contracts/generated/records.ts does not match contracts/schemas: run npm run generate and commit it.',
  );
  process.exitCode = 1;
} else {
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, expected);
  console.log('Wrote contracts/generated/records.ts.');
}
