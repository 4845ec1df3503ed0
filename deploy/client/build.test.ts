import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { PROJECT } from '../local/parts.mjs';
import { buildClient, type ClientBuild, MOST_CLIENT_BYTES } from './build.ts';

const run = promisify(execFile);

/** An app outside of the project that has installed the built folder. */
describe('the built client', () => {
  let app: string;
  let built: ClientBuild;
  before(async () => {
    app = mkdtempSync(join(tmpdir(), 'client-app-'));
    const folder = join(app, 'node_modules', 'tributary');
    mkdirSync(join(app, 'node_modules', '@types'), { recursive: true });
    built = await buildClient(folder);
    symlinkSync(join(PROJECT, 'node_modules', '@types', 'node'), join(app, 'node_modules', '@types', 'node'));
    symlinkSync(join(PROJECT, 'node_modules', 'undici-types'), join(app, 'node_modules', 'undici-types'));
    writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  });
  after(() => rmSync(app, { recursive: true }));

  it('stays below 5 kB with gzip in a browser, and imports nothing', () => {
    assert.ok(built.browser.gzip <= MOST_CLIENT_BYTES, `${built.browser.gzip} bytes`);
    const text = readFileSync(join(app, 'node_modules', 'tributary', 'browser.js'), 'utf8');
    assert.doesNotMatch(text, /\bimport\b|\brequire\b/);
  });

  it('is imported as tributary/client by Node without a package', async () => {
    writeFileSync(
      join(app, 'app.mjs'),
      `import { ClientError, createClient } from 'tributary/client';
       const client = createClient({ url: 'http://127.0.0.1:9' });
       const error = await client.similar('x').catch((error) => error);
       console.log(error instanceof ClientError, error.code, error.retryable);`,
    );
    const { stdout } = await run(process.execPath, ['app.mjs'], { cwd: app });
    assert.equal(stdout, 'true gateway.unreachable true\n');
  });

  it('has types that a strict app compiles against, and that refuse an unknown action type', async () => {
    const compile = (text: string) => {
      writeFileSync(join(app, 'app.ts'), text);
      const options = [
        '--ignoreConfig',
        '--strict',
        '--noEmit',
        '--module',
        'nodenext',
        '--target',
        'es2022',
      ];
      const tsc = join(PROJECT, 'node_modules', '.bin', 'tsc');
      return run(tsc, [...options, '--types', 'node', 'app.ts'], { cwd: app }).then(
        () => '',
        (error: { stdout: string }) => error.stdout,
      );
    };
    const text = (type: string) =>
      `import { createClient, type TrackVerdict } from 'tributary/client';
       const client = createClient({ url: 'http://gateway', userId: 'u' });
       const verdict: TrackVerdict = await client.track({ itemId: 'i', type: '${type}' });
       console.log(verdict.status === 'rejected' ? verdict.error.code : verdict.id);`;
    assert.equal(await compile(text('view')), '');
    assert.match(await compile(text('steal')), /'"steal"' is not assignable/);
  });
});
