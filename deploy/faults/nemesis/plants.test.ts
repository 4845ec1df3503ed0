import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../local/parts.mjs';
import { PROCESS_PLANTS } from './plants.ts';

for (const [name, { modules }] of Object.entries(PROCESS_PLANTS))
  test(`the plant ${name} changes its modules as they are loaded`, () => {
    const hook = new URL(`./plant.mjs?name=${name}`, import.meta.url).href;
    const load = modules.map(({ file }) => `await import('./${file}');`).join('');
    execFileSync(process.execPath, ['--import', hook, '--input-type=module', '--eval', load], {
      cwd: PROJECT,
    });
  });

test('a plant that there is not ends the process', () => {
  const hook = new URL('./plant.mjs?name=none', import.meta.url).href;
  const load = (): unknown =>
    execFileSync(process.execPath, ['--import', hook, '--eval', ''], { stdio: 'pipe' });
  assert.throws(load, /there is no plant "none"/);
});
