import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { checkStages } from './check-stages.ts';
import { checkWalls } from './check-walls.ts';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'walls-'));
  write('package.json', JSON.stringify({ imports: { '#platform/*': './services/_platform/*' } }));
});
afterEach(() => rmSync(project, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

/** Returns the rule that one import breaks, or undefined. */
function ruleOf(from: string, specifier: string): string | undefined {
  write(from, `import '${specifier}';`);
  const faults = checkWalls(project);
  rmSync(join(project, from));
  assert.ok(faults.length <= 1);
  return faults[0]?.slice(`${from}:1: "${specifier}": `.length);
}

describe('checkWalls', () => {
  it('lets each floor import the floors below it', () => {
    const allowed: ReadonlyArray<readonly [string, string]> = [
      ['topics/a.ts', '../contracts/a.ts'],
      ['services/_platform/kafka/a.ts', '../../../topics/a.ts'],
      ['services/_shop/a.ts', '#platform/a.ts'],
      ['services/_shop/a.ts', '../_other/a.ts'],
      ['services/new/deep/er/a.ts', '../b.ts'],
      ['services/new/deep/er/a.ts', '../../../_algorithms/a.ts'],
      ['services/new/config.ts', '../../package.json'],
      ['services/docs/a.test.ts', '../new/a.ts'],
      ['deploy/bench/a.ts', '../../services/new/a.ts'],
      ['deploy/bench/a.ts', '../local/a.ts'],
      ['services/new/a.ts', 'node:fs'],
      ['services/new/a.ts', 'a-package'],
    ];
    for (const [from, specifier] of allowed)
      assert.equal(ruleOf(from, specifier), undefined, `${from} ${specifier}`);
  });

  it('rejects an import of a higher floor or of a neighbour, at any depth and by any path', () => {
    const refused: ReadonlyArray<readonly [string, string, RegExp]> = [
      ['contracts/a.ts', '../topics/a.ts', /^contracts stands below/],
      ['contracts/a.ts', '#platform/a.ts', /^contracts stands below/],
      ['topics/a.ts', '#platform/a.ts', /^topics imports contracts alone/],
      ['services/_algorithms/a.ts', '../../contracts/a.ts', /^services\/_algorithms is pure/],
      ['services/_platform/a.ts', '../_algorithms/a.ts', /^services\/_platform knows no recommender word/],
      ['services/_platform/a.ts', '../new/a.ts', /^services\/_platform knows/],
      ['services/_shop/a.ts', '../new/a.ts', /^a shared room/],
      ['services/new/a.ts', '../other/a.ts', /^a stage imports neither/],
      ['services/new/deep/er/a.ts', '../../../other/deep/a.ts', /^a stage imports neither/],
      ['services/new/deep/er/a.ts', '../../../../services/other/a.ts', /^a stage imports neither/],
      ['services/new/a.ts', '#platform/../other/a.ts', /^a stage imports neither/],
      ['services/new/a.ts', '../../deploy/local/a.ts', /^a stage imports neither/],
      ['deploy/bench/a.ts', '../e2e/a.ts', /^nothing imports deploy\/e2e/],
      ['services/new/a.ts', '../../../elsewhere/a.ts', /outside the project/],
      ['services/new/a.ts', '../../other/a.ts', /in no room/],
      ['other/a.ts', '../contracts/a.ts', /in no room/],
      ['services/a.ts', './new/a.ts', /in no room/],
    ];
    for (const [from, specifier, rule] of refused)
      assert.match(ruleOf(from, specifier) ?? '', rule, `${from} ${specifier}`);
    assert.match(
      ruleOf('services/new/a.ts', join(project, 'services/other/a.ts')) ?? '',
      /^a stage imports neither/,
    );
  });

  it('lets only tests import files that exist for tests', () => {
    assert.match(ruleOf('services/new/a.ts', './b.testing.ts') ?? '', /^only tests import/);
    assert.match(ruleOf('services/new/a.ts', './b.contract.ts') ?? '', /^only tests import/);
    assert.match(ruleOf('deploy/bench/a.ts', '../local/b.test.ts') ?? '', /^only tests import/);
    assert.match(
      ruleOf('services/new/a.ts', '#platform/testing/kafka.ts') ?? '',
      /^only tests and deploy import/,
    );
    for (const from of [
      'services/new/a.test.ts',
      'services/new/a.testing.ts',
      'services/new/a.contract.ts',
    ]) {
      assert.equal(ruleOf(from, './b.testing.ts'), undefined, from);
      assert.equal(ruleOf(from, '#platform/testing/kafka.ts'), undefined, from);
    }
    assert.equal(ruleOf('deploy/bench/a.ts', '#platform/testing/kafka.ts'), undefined);
  });

  it('rejects an import with a computed path, except in deploy', () => {
    write('services/new/a.ts', 'await import(path);');
    write('deploy/bench/a.ts', 'await import(path);');
    assert.deepEqual(checkWalls(project), [
      'services/new/a.ts:1: import: a computed path cannot be checked: write it as a literal',
    ]);
  });

  it('checks threads, types and JavaScript too', () => {
    write(
      'services/new/a.ts',
      "new Worker(new URL('../other/thread.ts', import.meta.url));\nimport type { A } from '../other/a.ts';",
    );
    write('services/new/b.mjs', "export { a } from '../other/a.ts';");
    assert.deepEqual(
      checkWalls(project).map((fault) => fault.split(': ').slice(0, 2).join(' ')),
      [
        'services/new/a.ts:1 "../other/thread.ts"',
        'services/new/a.ts:2 "../other/a.ts"',
        'services/new/b.mjs:1 "../other/a.ts"',
      ],
    );
  });
});

describe('checkStages', () => {
  const FILES = ['main.ts', 'config.ts', 'metrics.ts', 'README.md'];

  it('accepts a stage that has its files, its row in the code and its row in services/README.md', () => {
    for (const file of FILES) write(`services/new/${file}`, '');
    write('services/_platform/a.ts', '');
    write('services/docs/glossary.md', '');
    write('services/README.md', '| stage |\n|---|\n| [new](new/README.md) | reads |\n');
    assert.deepEqual(checkStages(project, [{ folder: 'new' }]), []);
  });

  it('names each file and each row that a stage lacks', () => {
    write('services/new/main.ts', '');
    write('services/README.md', '| stage |\n|---|\n| [old](old/README.md) | reads |\n');
    assert.deepEqual(checkStages(project, [{ folder: 'old' }]), [
      'services/old is missing: the table of stages has a row for it',
      'services/new has no row in services/_stages/stages.ts',
      'services/new has no row in the table of services/README.md',
      'services/new has no config.ts',
      'services/new has no metrics.ts',
      'services/new has no README.md',
    ]);
  });
});
