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
  it('has a remedy that is a sentence for every code', () => {
    for (const [code, remedy] of Object.entries(ERROR_REMEDIES)) {
      assert.match(code, /^[a-z]+\.[a-z-]+$/);
      assert.match(remedy, /^[A-Z][^\n]+ [^\n]+\.$/, code);
    }
  });

  it('has no code without a use in production code', () => {
    const text = productionCode();
    const unused = Object.keys(ERROR_REMEDIES).filter((code) => !text.includes(`'${code}'`));
    assert.deepEqual(unused, []);
  });
});

describe('a TributaryError', () => {
  it('has the remedy of its code, and is not retryable unless it is built so', () => {
    const error = new TributaryError('config.invalid', 'PORT must be a number');
    assert.equal(error.name, 'TributaryError');
    assert.deepEqual([error.retryable, error.status, error.field], [false, 500, undefined]);
    assert.equal(error.remedy, ERROR_REMEDIES['config.invalid']);
  });
});
