import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { STAGE_NAMES, urlVariable } from '#stages/stages.ts';
import { PROJECT } from '../local/parts.mjs';
import { COMMANDS } from '../program/registry.ts';
import { commandsIn, documentsOf, namesIn, readDocCommands } from './doc-commands.ts';
import { howItRuns } from './how-it-runs.ts';

describe('the commands in the documents', () => {
  const commands = readDocCommands(PROJECT);

  it('are found, several lines of one command together', () => {
    assert.ok(commands.length > 30, String(commands.length));
    const found = commandsIn(
      'a.md',
      "text\n```\n$ npm run topics -- list   # which\ncurl -d '\n  [1]'\n```\n    npx tributary doctor\nnpm test\n",
    );
    assert.deepEqual(
      found.map(({ line, text }) => [line, text]),
      [
        [3, 'npm run topics -- list'],
        [4, "curl -d '\n[1]'"],
        [7, 'npx tributary doctor'],
      ],
    );
  });

  it('are each run by a test, or have a reason why not', () => {
    const unknown = commands.filter((command) => howItRuns(command) === undefined);
    assert.deepEqual(
      unknown.map(({ file, line, text }) => `${file}:${line}: ${text}`),
      [],
    );
  });

  it('name only settings that the code reads', () => {
    const sources = ['contracts', 'deploy', 'services', 'topics']
      .flatMap((folder) => readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    const variablesIn = (text: string): string[] => text.match(/TRIBUTARY_[A-Z]+(_[A-Z]+)*/g) ?? [];
    const known = new Set(sources.flatMap(variablesIn));
    for (const name of STAGE_NAMES) known.add(urlVariable(name));
    for (const file of documentsOf(PROJECT))
      for (const variable of variablesIn(readFileSync(join(PROJECT, file), 'utf8')))
        assert.ok(known.has(variable.replace(/_FILE$/, '')) || known.has(variable), `${file}: ${variable}`);
  });

  it('name only scripts and commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const words = new Set(COMMANDS.map(({ path }) => path[0]));
    for (const file of documentsOf(PROJECT)) {
      for (const { program, name } of namesIn(readFileSync(join(PROJECT, file), 'utf8')))
        assert.ok(program === 'npm' ? name in scripts : words.has(name), `${file}: ${program} ${name}`);
    }
  });
});
