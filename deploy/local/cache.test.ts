import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fillOnce } from './parts/cache.mjs';

describe('the cache of installed parts', () => {
  const cache = mkdtempSync(join(tmpdir(), 'tributary-cache-'));
  after(() => rmSync(cache, { recursive: true }));

  it('is filled once if several callers request the same entry at once, and each gets it complete', async () => {
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

  it('keeps nothing of a fill that failed, rejects for every caller, and can be filled again', async () => {
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
