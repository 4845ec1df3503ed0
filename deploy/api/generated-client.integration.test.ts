import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { generateSource } from 'oazapfts';
import { aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import {
  type GatewayBesidePeers,
  openGatewayBesidePeers,
  type PeerAnswer,
} from '../../services/gateway/beside-peers.testing.ts';
import { PROJECT } from '../local/parts.mjs';

const run = promisify(execFile);
/** Inside of the project, so that the generated modules find their packages. */
const FOLDER = join(PROJECT, '.build', `generated-client-${process.pid}`);
/** What an app writes with the client: it must compile, so the types of the description are those of the answers. */
const APP = `import * as api from './client.ts';

export async function useClient(url: string): Promise<object> {
  api.defaults.baseUrl = url;
  const posted = await api.postActions([{ userId: 'ann', itemId: 'oats', type: 'buy', value: 2 }]);
  const refused = await api.postActions([{ userId: 'ann', itemId: '', type: 'buy' }]);
  const put = await api.putItem('a/b', { title: 'Tea', categories: ['Drinks'] });
  const slate = await api.recommend('ann', { n: 2, category: ['Dairy', 'Bakery'], exclude: ['x'], explain: 'true' });
  const similar = await api.similarItems('milk', { n: 1 });
  const unknown = await api.readInterests('nobody');
  const accepted: number = posted.status === 202 ? posted.data.accepted : 0;
  const field: string | undefined = refused.status === 400 ? refused.data.field : undefined;
  const reasons: string[] = slate.status === 200 ? slate.data.items.map(({ reason }) => reason) : [];
  const next: string | null = similar.status === 200 ? similar.data.next : null;
  const code: string = unknown.status === 404 ? unknown.data.code : '';
  return { accepted, refused: refused.status, field, put: put.status, reasons, next, code };
}
`;
const SETTINGS = {
  compilerOptions: {
    ...{ target: 'es2024', lib: ['es2024', 'dom'], module: 'nodenext', strict: true, noEmit: true },
    ...{ allowImportingTsExtensions: true, skipLibCheck: true, types: [] },
  },
  files: ['app.ts'],
};

describe('a client that is generated from /openapi.json', () => {
  let beside: GatewayBesidePeers;
  let asked: unknown;

  before(async () => {
    beside = await openGatewayBesidePeers((url, request): PeerAnswer => {
      if (url.startsWith('/users/'))
        return [404, { error: { code: 'user.unknown', reason: 'no action in the window' } }];
      if (url.startsWith('/items/milk/similar')) {
        const items = ['oats', 'tea'].map((itemId) => ({ itemId, title: itemId, score: 0.5 }));
        return [200, { itemId: 'milk', title: 'Milk', generation: 'g1', items }];
      }
      if (!url.startsWith('/slates')) return [200, { items: {} }];
      let body = '';
      request.on('data', (bytes: Buffer) => {
        body += bytes.toString();
      });
      request.on('end', () => {
        asked = JSON.parse(body);
      });
      return [200, aSlate({ userId: 'ann', slots: [aSlot({ itemId: 'oats', explanation: 'popular' })] })];
    });
    mkdirSync(FOLDER, { recursive: true });
  });

  after(async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    await beside.close();
  });

  it('compiles, and its calls, answers and errors are those of the gateway', async () => {
    const { url } = beside.stage;
    const description = await (await fetch(`${url}/openapi.json`)).text();
    const specification = join(FOLDER, 'openapi.json');
    writeFileSync(specification, description);
    writeFileSync(join(FOLDER, 'client.ts'), await generateSource(specification));
    writeFileSync(join(FOLDER, 'app.ts'), APP);
    writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(SETTINGS));
    const compiler = join(PROJECT, 'node_modules', '.bin', 'tsc');
    const { stdout } = await run(compiler, ['--project', FOLDER]).catch(
      (error: unknown) => error as { readonly stdout: string },
    );
    assert.equal(stdout, '');
    const { useClient } = (await import(pathToFileURL(join(FOLDER, 'app.ts')).href)) as {
      useClient: (url: string) => Promise<Record<string, unknown>>;
    };
    const { next, ...seen } = await useClient(url);
    assert.deepEqual(seen, {
      accepted: 1,
      refused: 400,
      field: 'itemId',
      put: 202,
      reasons: ['popular'],
      code: 'user.unknown',
    });
    assert.equal(typeof next, 'string', 'a second part follows');
    const filter = { anyCategory: ['Dairy', 'Bakery'], allCategories: [], attributes: [], exclude: ['x'] };
    assert.deepEqual(asked, { userId: 'ann', n: 2, filter, explain: true });
  });
});
