import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fillOnce } from './parts/cache.mjs';

describe('the cache', () => {
  const cache = mkdtempSync(join(tmpdir(), 'tributary-cache-'));
  after(() => rmSync(cache, { recursive: true }));

  it('is filled once by those who ask for the same at once, and each finds it whole', async () => {
    let fills = 0;
    const fill = async (folder: string) => {
      fills += 1;
      await new Promise(setImmediate);
      writeFileSync(join(folder, 'part'), 'whole');
    };
    const asked = [1, 2, 3].map(async () => {
      await fillOnce(cache, 'peer', fill);
      return readFileSync(join(cache, 'peer', 'part'), 'utf8');
    });
    assert.deepEqual(await Promise.all(asked), ['whole', 'whole', 'whole']);
    assert.equal(fills, 1);
    assert.deepEqual(readdirSync(join(cache, '.partial')), []);
  });

  it('has nothing of a filling that failed, tells everybody, and is filled again', async () => {
    const fail = () => fillOnce(cache, 'data', () => Promise.reject(new Error('no way')));
    const ends = await Promise.allSettled([fail(), fail()]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.ok(!existsSync(join(cache, 'data')));
    await fillOnce(cache, 'data', async (folder) => writeFileSync(join(folder, 'part'), ''));
    assert.ok(existsSync(join(cache, 'data', 'part')));
  });
});
