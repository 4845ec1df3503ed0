import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PROJECT } from '../local/parts.mjs';
import { referencesOf } from './references.ts';

const specifiers = (source: string) => referencesOf(source).map(({ specifier }) => specifier);

describe('referencesOf', () => {
  it('finds imports of every kind', () => {
    const source = `
      import './effect.ts';
      import one, { type Two, three as four } from "./named.ts";
      import * as all from './all.ts';
      import type { Five } from './type.ts';
      import type Six from './type-default.ts';
      import { 'a-b' as seven } from './text-name.ts';
      import data from './data.json' with { type: 'json' };
      export * from './export-all.ts';
      export * as eight from './export-as.ts';
      export { nine } from './export-named.ts';
      export type { Ten } from './export-type.ts';
      const eleven = await import('./dynamic.ts');
      const twelve = await import(\`./template.ts\`);
      type Thirteen = import('./in-type.ts').Thirteen;
      const fourteen = [...require('./require.cjs'), require.resolve('./resolved.cjs')];
      import.meta.resolve('./meta.ts');
      new Worker(new URL('./thread.ts', import.meta.url));
      new URL('data.bin', import.meta.url);
    `;
    assert.deepEqual(specifiers(source), [
      './effect.ts',
      './named.ts',
      './all.ts',
      './type.ts',
      './type-default.ts',
      './text-name.ts',
      './data.json',
      './export-all.ts',
      './export-as.ts',
      './export-named.ts',
      './export-type.ts',
      './dynamic.ts',
      './template.ts',
      './in-type.ts',
      './require.cjs',
      './resolved.cjs',
      './meta.ts',
      './thread.ts',
      './data.bin',
    ]);
  });

  it('reports the line on which a reference begins', () => {
    const source = `/* one\ntwo */ import {\n  a,\n} from './a.ts';\nconst b = \`\n\n\${await import('./b.ts')}\`;`;
    assert.deepEqual(referencesOf(source), [
      { specifier: './a.ts', line: 2 },
      { specifier: './b.ts', line: 7 },
    ]);
  });

  it('ignores comments, texts, regular expressions and members named like a keyword', () => {
    const source = `#!/usr/bin/env node
      // import './comment.ts'; it's
      /* export * from './block.ts' " */
      const text = "import './text.ts'" + 'it\\'s import("./quoted.ts")';
      const template = \`import './template.ts' \${nested(\`import('./nested.ts')\`)} from './end.ts'\`;
      const regex = [/import '.\\/regex.ts'/, /[/'"]/g.test(text), x! / 2, y++ / 3, (a) / b] / 1; // '
      loader.import('./member.ts');
      const entry = { import: './key.ts', require: './other.ts' };
      export const from = './const.ts';
      export { local };
      class Importer { constructor() { super('./super.ts'); } }
      const url = import.meta.url;
      new URL('/path', base);
    `;
    assert.deepEqual(specifiers(source), []);
  });

  it('reports an import with a computed path without a specifier', () => {
    const source = `await import(path);\nawait import('./a' + 'b.ts');\nawait import(\`./\${c}.ts\`);\nrequire(name);`;
    assert.deepEqual(specifiers(source), [undefined, undefined, undefined, undefined]);
  });

  it('finds every import of this project that the compiler finds', () => {
    const compiler = join(PROJECT, 'node_modules', '.bin', 'tsc');
    const explained = execFileSync(compiler, ['--project', '.', '--explainFiles'], {
      cwd: PROJECT,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const found = new Map<string, Set<string>>();
    for (const [, specifier, file] of explained.matchAll(/^ +Imported via '(.+?)' from file '(.+?)'/gm)) {
      if (file!.includes('node_modules/') || specifier!.startsWith('node:')) continue;
      found.set(file!, (found.get(file!) ?? new Set()).add(specifier!));
    }
    assert.ok(found.size > 100);
    for (const [file, expected] of found) {
      const actual = new Set(specifiers(readFileSync(join(PROJECT, file), 'utf8')));
      for (const specifier of expected) assert.ok(actual.has(specifier), `${file} imports ${specifier}`);
    }
  });
});
