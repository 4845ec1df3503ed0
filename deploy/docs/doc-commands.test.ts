import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
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
