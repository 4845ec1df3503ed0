import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERROR_REMEDIES, TributaryError } from './errors.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Text of all production code but the list itself. */
function productionCode(): string {
  const files = globSync('{contracts,deploy,topics,services}/**/*.ts', { cwd: ROOT });
  return files
    .filter((file) => !/\.(test|testing|contract)\.ts$/.test(file) && file !== join('contracts', 'errors.ts'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
}

describe('the list of error codes', () => {
  it('gives every code a remedy that is a sentence', () => {
    for (const [code, remedy] of Object.entries(ERROR_REMEDIES)) {
      assert.match(code, /^[a-z]+\.[a-z-]+$/);
      assert.match(remedy, /^[A-Z][^\n]+ [^\n]+\.$/, code);
    }
  });

  it('has no code that nothing uses', () => {
    const text = productionCode();
    const unused = Object.keys(ERROR_REMEDIES).filter((code) => !text.includes(`'${code}'`));
    assert.deepEqual(unused, []);
  });
});

describe('a TributaryError', () => {
  it('carries its code, its remedy, and that trying again is in vain unless it says otherwise', () => {
    const error = new TributaryError('config.invalid', 'PORT must be a number');
    assert.equal(error.name, 'TributaryError');
    assert.deepEqual([error.retryable, error.status, error.field], [false, 500, undefined]);
    assert.equal(error.remedy, ERROR_REMEDIES['config.invalid']);
  });
});
