import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PROJECT } from '../local/parts.mjs';

/** Names that several modules export on purpose, each with the reason. */
const SHARED_NAMES: Readonly<Record<string, string>> = {
  SETTINGS:
    'each stage declares its settings under this name, from which the tables in the READMEs are generated',
  METRICS: 'each stage declares its metrics under this name, from which the tables are generated',
  addRoutes: 'each stage adds its routes by this function',
  createClient: 'the client of apps has an entry for browsers and one for Node',
  run: 'each kind of faults is started by this function',
  measure: 'each bench and each evaluation is started by this function',
};

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|enum) (?<name>[\w$]+)/gm;

/** The files of production code that declare and export each name. */
function exportedNames(): Map<string, string[]> {
  const filesOf = new Map<string, string[]>();
  const files = globSync('{contracts,topics,services,deploy}/**/*.ts', { cwd: PROJECT });
  for (const file of files.filter((name) => !/\.(test|testing|contract|d)\.ts$/.test(name)).sort()) {
    const source = readFileSync(join(PROJECT, file), 'utf8');
    // Overloads export a name several times in one file.
    const names = new Set(Array.from(source.matchAll(EXPORT), ({ groups }) => groups?.name ?? ''));
    for (const name of names) filesOf.set(name, [...(filesOf.get(name) ?? []), file]);
  }
  return filesOf;
}

describe('the exported names of production code', () => {
  const filesOf = exportedNames();

  it('declares every exported name in one file only, so that each name has one meaning', () => {
    const repeated = [...filesOf].filter(([name, files]) => files.length > 1 && !(name in SHARED_NAMES));
    assert.deepEqual(
      Object.fromEntries(repeated),
      {},
      'rename all but one, or give the reason in SHARED_NAMES',
    );
  });

  it('shares no name that only one file exports', () => {
    const unshared = Object.keys(SHARED_NAMES).filter((name) => (filesOf.get(name)?.length ?? 0) < 2);
    assert.deepEqual(unshared, []);
  });
});
