// node services/_algorithms/pinnersage/assemble.ts: writes ward-kernel.wasm.ts from ward-kernel.wat, by the assembler
// of the npm package wabt. Only who changes the kernel needs it.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WABT = 'wabt@1.0.39';
const LINE = 100;

const source = fileURLToPath(new URL('./ward-kernel.wat', import.meta.url));
const target = fileURLToPath(new URL('./ward-kernel.wasm.ts', import.meta.url));
const binary = join(tmpdir(), `ward-kernel-${process.pid}.wasm`);
try {
  execFileSync('npx', ['--yes', '--package', WABT, 'wat2wasm', source, '--output', binary], {
    stdio: 'inherit',
  });
  const encoded = readFileSync(binary).toString('base64');
  const lines = encoded.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex');
  writeFileSync(
    target,
    `// Written by assemble.ts out of ward-kernel.wat; not to be edited.

export const WARD_KERNEL_SOURCE_SHA256 = '${digest}';

export const WARD_KERNEL_WASM =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`,
  );
} finally {
  rmSync(binary, { force: true });
}
