import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSecret } from './secret-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'secret-'));
after(() => rmSync(folder, { recursive: true }));

function fileWith(content: string): string {
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
}

describe('a secret', () => {
  it('a secret is read from its variable where no file is named', () => {
    assert.deepEqual(readSecret('KEY', { KEY: 'abc' }), { text: 'abc' });
    assert.deepEqual(readSecret('KEY', { KEY: 'abc', KEY_FILE: '' }), { text: 'abc' });
    assert.deepEqual(readSecret('KEY', {}), { text: undefined });
  });

  it('a secret is read from the named file, without the newline at its end', () => {
    assert.deepEqual(readSecret('KEY', { KEY_FILE: fileWith('abc d\n') }), { text: 'abc d' });
  });

  it('a secret that is given twice, is empty or cannot be read is a fault that does not repeat the secret', () => {
    const both = readSecret('KEY', { KEY: 'abc', KEY_FILE: fileWith('def') });
    assert.deepEqual(both, { fault: 'KEY and KEY_FILE are both set: unset one of them' });
    const empty = readSecret('KEY', { KEY_FILE: fileWith(' \n') });
    assert.match(
      (empty as { fault: string }).fault,
      /^KEY_FILE names ".*", which is empty: write the value of KEY/,
    );
    const absent = readSecret('KEY', { KEY_FILE: '/absent/key' });
    assert.deepEqual(absent, {
      fault: 'KEY_FILE names "/absent/key", which cannot be read (ENOENT): mount it, or correct the path',
    });
  });
});
