import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parsePosition } from './positions.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('a start position', () => {
  it('suggests the position that was probably meant', () => {
    const reasons: ReadonlyArray<readonly [string, RegExp]> = [
      ['5m', /did you mean -5m\?/],
      ['+2 h', /did you mean -2h\?/],
      ['begining', /did you mean beginning\?/],
      ['ende', /did you mean end\?/],
      ['gestern', /“gestern”: write beginning/],
      ['yesterday', /did you mean -1d\?/],
      ['2 weeks', /did you mean -14d\?/],
      ['-5 min', /did you mean -5m\?/],
      ['now', /did you mean end\?/],
      ['start', /did you mean beginning\?/],
      ['9:30', /did you mean 2026-03-01T09:30Z \(UTC\)\?/],
      ['2026-03-01 12:00', /did you mean 2026-03-01T12:00Z \(UTC\)\?/],
      ['2026-03-01T12:00:05', /has no zone.*did you mean 2026-03-01T12:00:05Z \(UTC\)\?/],
      ['2026-02-30 12:00', /write beginning/],
    ];
    for (const [text, message] of reasons)
      assert.throws(() => parsePosition(text, NOW), { code: 'topics.option', message });
  });

  it('a start position may be one of the two ends, or the last n messages', () => {
    assert.deepEqual(parsePosition('beginning', NOW), { at: 'beginning' });
    assert.deepEqual(parsePosition('end', NOW), { at: 'end' });
    assert.deepEqual(parsePosition('last:20', NOW), { at: 'last', count: 20 });
  });

  it('a start position may be an offset', () => {
    assert.deepEqual(parsePosition('1042', NOW), { at: 'offset', offset: 1042 });
  });

  it('a start position may be a time ago', () => {
    assert.deepEqual(parsePosition('-30s', NOW), { at: 'time', timestamp: NOW - 30_000 });
    assert.deepEqual(parsePosition('-5m', NOW), { at: 'time', timestamp: NOW - 300_000 });
    assert.deepEqual(parsePosition('-2h', NOW), { at: 'time', timestamp: NOW - 7_200_000 });
    assert.deepEqual(parsePosition('-1d', NOW), { at: 'time', timestamp: NOW - 86_400_000 });
    assert.deepEqual(parsePosition('-999999999d', NOW), { at: 'time', timestamp: 0 });
  });

  it('a start position may be a time', () => {
    assert.deepEqual(parsePosition('2026-02-28T08:30:00Z', NOW), {
      at: 'time',
      timestamp: Date.parse('2026-02-28T08:30:00Z'),
    });
    assert.deepEqual(parsePosition('2026-02-28', NOW), { at: 'time', timestamp: Date.parse('2026-02-28') });
  });

  it('a number is an offset or a time in milliseconds by its size, and is rejected where it looks like another unit', () => {
    assert.deepEqual(parsePosition('999999999', NOW), { at: 'offset', offset: 999_999_999 });
    assert.deepEqual(parsePosition(String(NOW), NOW), { at: 'time', timestamp: NOW });
    assert.deepEqual(parsePosition('offset:1772366400', NOW), { at: 'offset', offset: 1_772_366_400 });
    const message = (unit: string) => ({
      code: 'topics.option',
      message: new RegExp(`looks like ${unit}.*offset:N`),
    });
    assert.throws(() => parsePosition('1772366400', NOW), message('seconds'));
    assert.throws(() => parsePosition('1772366400000000', NOW), message('microseconds'));
    assert.throws(() => parsePosition('1772366400000000000', NOW), message('nanoseconds'));
  });

  it('a time that does not exist, or has no zone, is rejected with the reason', () => {
    assert.throws(() => parsePosition('2026-02-30', NOW), { message: /is no date/ });
    assert.throws(() => parsePosition('2026-02-30T10:00Z', NOW), { message: /is no date/ });
    assert.throws(() => parsePosition('2026-03-01T12:00', NOW), { message: /has no zone/ });
    assert.throws(() => parsePosition('2026-03-01T24:00Z', NOW), { message: /is no time/ });
  });

  it('any other text is rejected', () => {
    for (const text of [
      '',
      'start',
      '-5',
      '-5w',
      '1.5',
      'last:',
      '-1',
      '2026-13-45',
      '99999999999999999999',
      'offset:99999999999999999999',
      'offset:',
      'offset:-1',
    ]) {
      assert.throws(() => parsePosition(text, NOW), { code: 'topics.option' }, text);
    }
  });

  it('is read as the documents say: each example in them is one, and a time without a zone is none', () => {
    const documents = [
      ['topics/README.md', /^\| `--from` \|.*$/m],
      ['services/docs/tailing.md', /^`--from` \(or `--since`\) accepts[\s\S]*?\n\n/m],
    ] as const;
    for (const [path, passage] of documents) {
      const text = passage.exec(readFileSync(join(import.meta.dirname, '..', path), 'utf8'))?.[0] ?? '';
      const examples = [...text.matchAll(/`([^`]+)`/g)]
        .map(([, example]) => example!)
        .filter((one) => /^[^-]|^-\d/.test(one) && !one.includes('produce'));
      assert.ok(examples.length >= 8, `${path}: ${examples.length} examples`);
      for (const example of examples)
        assert.doesNotThrow(() => parsePosition(example, NOW), `${path}: ${example}`);
      assert.match(text, /a time without a zone is refused/);
      assert.match(text, /a date/);
    }
    assert.throws(() => parsePosition('2026-03-01T12:00', NOW), { message: /has no zone/ });
  });
});
