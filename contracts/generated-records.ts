import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AvroRecord } from './avro.ts';
import { renderRecords } from './render.ts';

const SCHEMAS = join(dirname(fileURLToPath(import.meta.url)), 'schemas');

/** The text that contracts/generated/records.ts must have, from schemas/*.avsc. */
export function generatedRecords(): string {
  return renderRecords(readSchemas());
}

/** The schemas of the folder by file name: file systems list in any order, the output must not vary. */
function readSchemas(): readonly AvroRecord[] {
  return readdirSync(SCHEMAS)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as AvroRecord);
}
