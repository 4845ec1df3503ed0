// node services/_algorithms/assemble.ts services/_algorithms/pinsage/pooling-kernel.wat: writes the kernel's .wasm.ts beside
// its source, by the assembler of the npm package wabt. Only who changes a kernel needs it.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const WABT = 'wabt@1.0.39';
const LINE = 100;

const source = process.argv[2];
if (source === undefined) throw new Error('Name the .wat file to assemble');
const name = basename(source, '.wat');
const constant = name.toUpperCase().replaceAll('-', '_');
const binary = join(tmpdir(), `${name}-${process.pid}.wasm`);
try {
  execFileSync('npx', ['--yes', '--package', WABT, 'wat2wasm', source, '--output', binary], {
    stdio: 'inherit',
  });
  const encoded = readFileSync(binary).toString('base64');
  const lines = encoded.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex');
  writeFileSync(
    source.replace(/\.wat$/, '.wasm.ts'),
    `// Written by assemble.ts out of ${name}.wat; not to be edited.

export const ${constant}_SOURCE_SHA256 = '${digest}';

export const ${constant}_WASM =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`,
  );
} finally {
  rmSync(binary, { force: true });
}
