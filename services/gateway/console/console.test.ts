import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { servesConsole } from '../config.ts';

const STATIC = join(dirname(fileURLToPath(import.meta.url)), 'static');
const UPLOT = dirname(fileURLToPath(import.meta.resolve('uplot')));
const LIMIT_BYTES = 100_000;

describe('the console', () => {
  it('is served by default where only this machine can reach it', () => {
    for (const host of ['127.0.0.1', '::1', 'localhost'])
      assert.ok(servesConsole({ console: 'local' }, host), host);
    for (const host of ['0.0.0.0', '10.0.0.7', '::'])
      assert.ok(!servesConsole({ console: 'local' }, host), host);
    assert.ok(servesConsole({ console: 'on' }, '0.0.0.0'));
    assert.ok(!servesConsole({ console: 'off' }, '127.0.0.1'));
  });

  it('has less than 100 kB compressed, its library included', () => {
    const files = [
      ...readdirSync(STATIC).map((name) => join(STATIC, name)),
      join(UPLOT, 'uPlot.esm.js'),
      join(UPLOT, 'uPlot.min.css'),
    ];
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
    assert.ok(bytes < LIMIT_BYTES, `${bytes} bytes`);
  });

  it('reads no text as HTML, and loads nothing from elsewhere', () => {
    for (const name of readdirSync(STATIC)) {
      const text = readFileSync(join(STATIC, name), 'utf8');
      assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/, name);
      assert.doesNotMatch(text.replace('http://www.w3.org/2000/svg', ''), /https?:\/\//, name);
    }
  });
});
