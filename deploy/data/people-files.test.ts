import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type CustomOptions, openCustom } from './custom.ts';
import { collect } from './dataset.ts';
import { FileError } from './text-file.ts';

const NOW = Date.parse('2026-03-04T00:00:00Z');
const AT = 1_772_000_000_000;
const HEADING = 'userId,itemId,occurredAt';
const LINE = { userId: 'u', itemId: 'i', occurredAt: AT };

/** Files as people have them. Each is read rightly, or refused in one sentence. */
describe("a user's own file", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'people-files-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function load(name: string, content: string | Buffer, mapping?: object, options: CustomOptions = {}) {
    const actions = join(folder, name);
    await writeFile(actions, content);
    const files = { actions };
    if (mapping === undefined) return openCustom(files, { now: NOW, ...options });
    const path = join(folder, `${name}.mapping.json`);
    await writeFile(path, JSON.stringify({ actions: mapping }));
    return openCustom({ ...files, mapping: path }, { now: NOW, ...options });
  }
  const usersOf = async (...args: Parameters<typeof load>) =>
    (await collect((await load(...args)).actions())).map(({ userId }) => userId);
  const rejectedOf = async (...args: Parameters<typeof load>) =>
    (await load(...args)).rejections.examples.map(({ line, field, reason }) => `${line} ${field}: ${reason}`);
  /** Rows of which the tenth has this time and the others are valid. */
  const withTime = (time: string) =>
    [HEADING, ...Array.from({ length: 20 }, (_, n) => `u${n},i,${n === 9 ? time : AT}`)].join('\n');

  it('a time that is no date, or in another unit, is refused by its line', async () => {
    for (const [time, reason] of [
      ['03/04/2026 10:00', /may mean the day before the month or after it: write ISO 8601/],
      ['3.4.2026', /may mean the day before the month/],
      ['item 5', /ISO 8601/],
      ['2026-02-30T00:00:00Z', /is no date/],
      ['1772000000', /looks like seconds: set "timeFormat": "s"/],
      ['1772000000000000', /looks like microseconds/],
      ['-5', /looks like seconds/],
      ['2026-03-01 12:00:00', /has no zone.*"timeZone"/],
      ['2126-03-01T12:00:00Z', /lies in the future/],
    ] as const) {
      const [rejected = '', ...more] = await rejectedOf('times.csv', withTime(time));
      assert.match(rejected, /^11 occurredAt: /);
      assert.match(rejected, reason);
      assert.equal(more.length, 0);
    }
  });

  it('a mapping names the zone of times that have none', async () => {
    const rows = `${HEADING}\na,i,2026-03-01 12:00:00\nb,i,2026-03-01\nc,i,2026-03-01 12:00:00 UTC\nd,i,2026-03-01T12:00+02\n`;
    const dataset = await load('zone.csv', rows, { timeZone: '+01:00' });
    const times = (await collect(dataset.actions())).map(
      ({ userId, occurredAt }) => `${userId} ${new Date(occurredAt).toISOString()}`,
    );
    assert.deepEqual(times, [
      'b 2026-02-28T23:00:00.000Z',
      'd 2026-03-01T10:00:00.000Z',
      'a 2026-03-01T11:00:00.000Z',
      'c 2026-03-01T12:00:00.000Z',
    ]);
  });

  it('times that are wrong in most rows are refused in one sentence', async () => {
    const seconds = [HEADING, ...Array.from({ length: 50 }, (_, n) => `u${n},i,1772000000`)].join('\n');
    await assert.rejects(load('seconds.csv', seconds), {
      name: 'FileError',
      message:
        /^seconds\.csv: occurredAt is invalid in 50 of 50 rows, as in line \d+: .*set "timeFormat": "s".*\.$/,
    });
    await assert.rejects(load('ms.csv', withTime(`${AT}`), { timeFormat: 's' }), {
      message: /looks like milliseconds/,
    });
  });

  it('a few absurd times among thousands are left out by their lines', async () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => `u${n},i,${n === 1_233 ? 150_000_000_000 : AT + n}`);
    const dataset = await load('absurd.csv', [HEADING, ...rows].join('\n'));
    assert.equal(dataset.actionCount, 4_999);
    assert.deepEqual(
      dataset.rejections.examples.map(({ line, field }) => `${line} ${field}`),
      ['1235 occurredAt'],
    );
  });

  it('nine absurd times in ten thousand rows are each named, and do not stretch the history', async () => {
    const rows = Array.from(
      { length: 10_000 },
      (_, n) => `u${n},i,${n % 1_111 === 7 ? 160_000_000_000 + n : AT + n}`,
    );
    const dataset = await load('few.csv', [HEADING, ...rows].join('\n'));
    const [oldest] = await collect(dataset.actions(0, 1));
    assert.equal(oldest?.occurredAt, AT);
    assert.deepEqual([dataset.actionCount, dataset.rejections.count], [9_991, 9]);
    assert.match(
      dataset.rejections.examples[3]!.reason,
      /^1975-\d\d-\d\d lies more than ten years from the others/,
    );
  });

  it('a quote that is never closed costs its own row, and is named by its line', async () => {
    for (const broken of ['"u50,i', '"u50,"i"', 'u50,"i']) {
      const rows = Array.from({ length: 10_000 }, (_, n) =>
        n === 48 ? `${broken},${AT}` : `u${n},"i ${n % 7}",${AT}`,
      );
      const dataset = await load('quote.csv', [HEADING, ...rows].join('\n'));
      assert.equal(dataset.actionCount, 9_999, broken);
      const [{ line, reason } = { line: 0, reason: '' }] = dataset.rejections.examples;
      assert.deepEqual([line, dataset.rejections.count], [50, 1]);
      assert.match(reason, /quote that opens here/);
    }
    const last = await load('last.csv', `${HEADING}\nu,i,${AT}\n"u,i,${AT}\nv,i,${AT}\nw,i,${AT}`);
    assert.deepEqual([last.actionCount, last.rejections.examples[0]?.line], [3, 3]);
  });

  it('cells may hold quotes, delimiters and line ends', async () => {
    const rows = `${HEADING}\r\n"a ""b"", c",i,${AT}\r\n"two\nlines",i,${AT}\r\n6" pipe,i,${AT}\r\n`;
    assert.deepEqual(await usersOf('cells.csv', rows), ['a "b", c', 'two\nlines', '6" pipe']);
  });

  it('memory stays flat while a quote is open or only the last actions are kept', async () => {
    const path = join(folder, 'large.csv');
    const out = createWriteStream(path);
    out.write(`${HEADING}\n"never closed,i,${AT}\n`);
    for (let n = 0; n < 400; n++) out.write(`u,i,${AT}\n`.repeat(1_000));
    out.end();
    await finished(out);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const dataset = await openCustom({ actions: path }, { now: NOW, limit: 1_000 });
    assert.deepEqual([dataset.actionCount, dataset.rejections.count], [1_000, 1]);
    assert.ok(process.memoryUsage().heapUsed - before < 150 * 1_048_576);
  });

  it('a file that is not UTF-8 is refused by its line, so that ids never merge', async () => {
    const text = `${HEADING}\nu,i,${AT}\nAndr\xe9,i,${AT}\nAndr\xe8,i,${AT}\n`;
    await assert.rejects(load('latin.csv', Buffer.from(text, 'latin1')), {
      name: 'FileError',
      message: /^latin\.csv:3 is not UTF-8.*iconv/,
    });
    await assert.rejects(load('bare.csv', Buffer.from(text, 'utf16le')), {
      message: /UTF-16 without a byte order mark/,
    });
    const expected = ['u', 'André', 'Andrè'];
    assert.deepEqual(await usersOf('utf8.csv', text), expected);
    assert.deepEqual(await usersOf('bom.csv', `\uFEFF${text}`), expected);
    assert.deepEqual(await usersOf('utf16.csv', Buffer.from(`\uFEFF${text}`, 'utf16le')), expected);
    assert.deepEqual(
      await usersOf('utf16be.csv', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()),
      expected,
    );
    const accents = JSON.stringify([
      { ...LINE, userId: 'é' },
      { ...LINE, userId: 'e\u0301' },
      { ...LINE, userId: 'é ' },
    ]);
    assert.deepEqual(await usersOf('accents.json', accents), ['é', 'e\u0301', 'é ']);
  });

  it('a file in another encoding is read once its owner has named it, and the error asks', async () => {
    const text = `${HEADING}\nu,i,${AT}\nAndr\xe9,i,${AT}\n\u20ac,i,${AT}\n`;
    const windows = Buffer.from(text.replace('\u20ac', '\x80'), 'latin1');
    for (const [bytes, encoding] of [
      [windows, 'windows-1252'],
      [Buffer.from(text, 'utf16le'), 'utf-16le'],
      [Buffer.from(text, 'utf16le').swap16(), 'utf-16be'],
    ] as const) {
      await assert.rejects(load('encoded.csv', bytes), (error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.proposal!.question, /\?$/);
        assert.deepEqual(error.proposal!.mapping, { encoding });
        return true;
      });
      await writeFile(join(folder, 'encoded.csv'), bytes);
      const mapping = join(folder, 'encoding.json');
      await writeFile(mapping, JSON.stringify({ encoding }));
      const dataset = await openCustom({ actions: join(folder, 'encoded.csv'), mapping }, { now: NOW });
      assert.deepEqual(
        (await collect(dataset.actions())).map(({ userId }) => userId),
        ['u', 'Andr\xe9', '\u20ac'],
      );
    }
  });

  it('times in seconds are asked about, and read as seconds only after a yes', async () => {
    const seconds = [HEADING, ...Array.from({ length: 50 }, (_, n) => `u${n},i,${1_772_000_000 + n}`)].join(
      '\n',
    );
    await assert.rejects(load('ask.csv', seconds), (error) => {
      assert.ok(error instanceof FileError);
      assert.equal(error.proposal?.question, 'The times of ask.csv look like seconds. Read them as seconds?');
      assert.deepEqual(error.proposal.mapping, { actions: { timeFormat: 's' } });
      return true;
    });
    const dataset = await load('ask.csv', seconds, { timeFormat: 's' });
    assert.equal((await collect(dataset.actions()))[0]?.occurredAt, AT);
  });

  it('a mapping names the columns of a file whose first line is a row already', async () => {
    const columns = ['itemId', 'userId', 'occurredAt'];
    assert.deepEqual(await usersOf('bare.csv', `i,u,${AT}\ni,v,${AT}\n`, { columns }), ['u', 'v']);
  });

  it('the line sep=; of a spreadsheet names the delimiter', async () => {
    const rows = `sep=;\r\n${HEADING.replaceAll(',', ';')}\r\nu;a,b,c,d;${AT}\r\n`;
    assert.deepEqual(await usersOf('sep.csv', rows), ['u']);
  });

  it('ids of more than 15 digits stay exact, and ids that a spreadsheet rounded are refused', async () => {
    const json = `{"userId":15793596808644609,"itemId":-12345678901234567890,"occurredAt":${AT}}\n`;
    const [action] = await collect((await load('digits.jsonl', json)).actions());
    assert.deepEqual([action?.userId, action?.itemId], ['15793596808644609', '-12345678901234567890']);
    const csv = `${HEADING}\n15793596808644609,i,${AT}\n1.57936E+16,i,${AT}\n*,i,${AT}\n${'x'.repeat(257)},i,${AT}\n`;
    const rejected = await rejectedOf('digits.csv', csv);
    assert.match(rejected[0]!, /^3 userId: .*rounded by a spreadsheet/);
    assert.match(rejected[1]!, /^4 userId: .*reserved/);
    assert.match(rejected[2]!, /^5 userId: has 257 bytes/);
  });

  it('foreign or missing headings are refused with the columns found and a mapping to try', async () => {
    await assert.rejects(load('foreign.csv', `favori,UserId,ItemId,Timestamp\n1,u,i,${AT}\n`), {
      name: 'FileError',
      message:
        'foreign.csv has no column for userId, itemId, occurredAt: its columns are favori, UserId, ItemId, Timestamp. ' +
        'Try a --mapping such as {"actions":{"userId":"UserId","itemId":"ItemId","occurredAt":"Timestamp"}}. It leaves favori of foreign.csv unused.',
    });
    await assert.rejects(load('none.csv', `1,u,i,${AT}\n2,v,i,${AT}\n`), {
      message:
        /its columns are 1, u, i, 1772000000000\. If these are values, add a first line .*userId,itemId,occurredAt/,
    });
    await assert.rejects(load('keys.jsonl', `{"user_id":1,"sku":2,"ts":${AT}}\n`.repeat(30)), {
      message:
        /^keys\.jsonl has no column for userId, itemId, occurredAt: its columns are user_id, sku, ts\. Try .*"user_id"/,
    });
    await assert.rejects(load('twice.csv', `${HEADING},userId\nu,i,${AT},v\n`), {
      message: /names the column “userId” twice/,
    });
    await assert.rejects(load('empty.csv', '\n\n'), { message: /empty\.csv is empty/ });
  });

  it('tabs, semicolons, gzip and JSON arrays are read', async () => {
    const csv = `${HEADING}\nu,i,${AT}\nv,"i,j",${AT}\n`;
    const tabs = csv.replaceAll('"i,j"', 'k').replaceAll(',', '\t');
    const array = JSON.stringify([LINE, { ...LINE, userId: 'v]{"' }], null, 2);
    for (const [name, content, users] of [
      ['semicolons.csv', csv.replaceAll('"i,j"', 'k').replaceAll(',', ';'), ['u', 'v']],
      ['tabs.tsv', tabs, ['u', 'v']],
      ['tabs.csv', tabs, ['u', 'v']],
      ['csv.csv.gz', gzipSync(csv), ['u', 'v']],
      ['disguised.csv', gzipSync(csv), ['u', 'v']],
      ['log.jsonl.gz', gzipSync(`${JSON.stringify(LINE)}\n`), ['u']],
      ['mac.csv', csv.replaceAll('\n', '\r'), ['u', 'v']],
      ['array.json', array, ['u', 'v]{"']],
      ['array.jsonl', array.replaceAll('\n', ''), ['u', 'v]{"']],
      ['none.json', '[]', []],
    ] as const) {
      assert.deepEqual(await usersOf(name, content), users, name);
    }
    const rejected = await rejectedOf(
      'element.json',
      `[\n${JSON.stringify(LINE)},\n{"userId":},\n${JSON.stringify(LINE)}]`,
    );
    assert.match(rejected.join(), /^3 row: not JSON/);
  });

  it('what is no text, or is damaged, is refused in one sentence', async () => {
    const whole = gzipSync(`${HEADING}\nu,i,${AT}\n`.repeat(100));
    for (const [name, content, message] of [
      ['cut.csv.gz', whole.subarray(0, whole.length - 9), /^cut\.csv\.gz is damaged after line \d+/],
      [
        'sheet.csv',
        Buffer.from('504b030414000600', 'hex'),
        /spreadsheet: unpack it, or save the sheet as CSV/,
      ],
      ['z.jsonl', Buffer.from('28b52ffd04', 'hex'), /zstd/],
      ['open.json', `[${JSON.stringify(LINE)},`, /^open\.json:1 .*array is not closed/],
      ['more.json', `[${JSON.stringify(LINE)}] 5`, /^more\.json:1 goes on after its array/],
    ] as const) {
      await assert.rejects(load(name, content), { name: 'FileError', message }, name);
    }
  });
});
