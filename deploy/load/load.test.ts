import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collectGarbage } from '#platform/testing/collect-garbage.ts';
import { type Mood, startFakeGateway } from '../data/fake-gateway.testing.ts';
import type { Mapping } from '../data/mapping.ts';
import { freePort } from '../local/ports.ts';
import { parseLoadOptions } from './options.ts';
import { type LoadPorts, renderLoad, runLoad } from './run.ts';

const AT = 1_772_000_000_000;
const HEADING = 'userId,itemId,type,occurredAt';
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => `u${n % 97},i${n % 13},buy,${AT + n}`).join('\n');

/** Bytes that are in use; what nobody has collected yet says nothing. */
function liveHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('loading own files into a running Tributary', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'load-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function file(name: string, content: string | Buffer): Promise<string> {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  }

  function portsOf(ask?: LoadPorts['ask']) {
    const said: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        said.push(String(chunk));
        done();
      },
    }) as unknown as NodeJS.WriteStream;
    const ports: LoadPorts = { folder: join(folder, 'checkpoints'), stream, now: Date.now, ask };
    return { said, ports };
  }

  async function load(url: string, args: readonly string[], ask?: LoadPorts['ask']) {
    const { said, ports } = portsOf(ask);
    const summary = await runLoad({ ...parseLoadOptions([...args]), gateway: url }, ports);
    return { summary, text: said.join('') };
  }

  async function withGateway(mood: Mood | undefined, work: (fake: Fake) => Promise<void>) {
    const fake = await startFakeGateway(mood);
    try {
      await work(fake);
    } finally {
      await fake.close();
    }
  }
  type Fake = Awaited<ReturnType<typeof startFakeGateway>>;

  it('every format is loaded with unchanged times, and with ids that are the same the next time', async () => {
    const objects = [{ userId: '9007199254740993', itemId: 'i', occurredAt: AT }];
    const numeric = JSON.stringify(objects).replace('"9007199254740993"', '9007199254740993');
    for (const [name, content, user] of [
      ['a.csv', `${HEADING}\nu,i,buy,${AT}\n`, 'u'],
      ['a.tsv', `${HEADING}\nu,i,buy,${AT}\n`.replaceAll(',', '\t'), 'u'],
      ['a.json', numeric, '9007199254740993'],
      ['a.jsonl', numeric.slice(1, -1), '9007199254740993'],
      ['a.csv.gz', gzipSync(`${HEADING}\nu,i,buy,${AT}\n`), 'u'],
    ] as const) {
      const path = await file(name, content);
      await withGateway(undefined, async (fake) => {
        for (let time = 0; time < 2; time++) await load(fake.url, ['--actions', path]);
        const [first, second, ...more] = fake.actions;
        assert.deepEqual([first!.userId, first!.occurredAt, more.length], [user, AT, 0], name);
        assert.equal(first!.eventId, second!.eventId);
      });
    }
  });

  it('times are moved only when that is asked for, all by the same span', async () => {
    const path = await file('shift.csv', `${HEADING}\n${rowsOf(500)}\n`);
    await withGateway(undefined, async (fake) => {
      const { summary } = await load(fake.url, ['--actions', path, '--shift']);
      const shift = summary.actions!.shiftMs;
      assert.ok(Math.abs(AT + 499 + shift - Date.now()) < 60_000);
      assert.deepEqual(
        fake.actions.map(({ occurredAt }) => occurredAt).toSorted(),
        Array.from({ length: 500 }, (_, n) => AT + n + shift),
      );
    });
  });

  it('a dry run sends nothing, and tells what would be loaded and what is left out', async () => {
    const path = await file(
      'dry.csv',
      `${HEADING}\n${rowsOf(3_000)}\nu,i,steal,${AT}\nu,i,buy,160000000000\n`,
    );
    await withGateway(undefined, async (fake) => {
      const { summary, text } = await load(fake.url, ['--actions', path, '--dry-run']);
      assert.equal(fake.requests.length, 0);
      const { valid, absurd, oldest, newest, types } = summary.actions!.scan;
      assert.deepEqual([valid, absurd, oldest, newest, types.buy], [3_000, 1, AT, AT + 2_999, 3_001]);
      assert.match(
        text,
        /2 rows were left out \(type 1, occurredAt 1\)[\s\S]*dry\.csv:3002 type[\s\S]*dry\.csv:3003 occurredAt/,
      );
    });
  });

  it('a dry run warns of actions that are older than the default retention, unless a shift makes them recent', async () => {
    const day = 86_400_000;
    const now = Date.now();
    const rows = [99, 95, 20, 10].map((age) => `u,i,buy,${now - age * day}`);
    const path = await file('aged.csv', `${HEADING}\n${rows.join('\n')}\n`);
    await withGateway(undefined, async (fake) => {
      const dry = async (...args: string[]) => {
        const { summary } = await load(fake.url, ['--actions', path, '--dry-run', ...args]);
        return { beyond: summary.actions!.beyondRetention, text: renderLoad(summary) };
      };
      const unshifted = await dry();
      assert.equal(unshifted.beyond, 2);
      assert.match(
        unshifted.text,
        /2 of these 4 actions are older than the 90 days .*rejects such actions\. --shift .*lengthen the retention/,
      );
      assert.equal((await dry('--shift')).beyond, 0);
      const recent = await file('recent.csv', `${HEADING}\nu,i,buy,${now - 80 * day}\n`);
      const { summary } = await load(fake.url, ['--actions', recent, '--dry-run']);
      assert.equal(summary.actions!.beyondRetention, 0);
      assert.doesNotMatch(renderLoad(summary), /older than/);
    });
  });

  it('every row that is left out is in the report, those that the gateway rejects too', async () => {
    const path = await file('bad.csv', `${HEADING}\n${rowsOf(50)}\n,i,buy,${AT}\nu,i,steal,${AT}\n`);
    const report = join(folder, 'report.jsonl');
    const mood: Mood = (_request, batch) => {
      const error = {
        code: 'time.past',
        field: 'occurredAt',
        reason: 'lies 900 days back',
        remedy: 'Lengthen it.',
      };
      const results = batch.map(({ eventId }, index) =>
        eventId?.endsWith(':9')
          ? { index, status: 'rejected', error }
          : { index, status: 'accepted', partition: 0, offset: 0 },
      );
      return { status: 207, body: { results } };
    };
    await withGateway(mood, async (fake) => {
      const { summary } = await load(fake.url, ['--actions', path, '--report', report]);
      assert.deepEqual(
        [summary.actions!.acknowledged, summary.actions!.rejected, summary.leftOut.count],
        [49, 1, 3],
      );
    });
    const lines = (await readFile(report, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ line, field }) => `${line} ${field}`),
      ['52 userId', '53 type', '9 occurredAt'],
    );
    assert.match(lines[2].reason, /time\.past/);
  });

  it('a load that was interrupted resumes after the last row of which all have verdicts', async () => {
    const path = await file('resume.csv', `${HEADING}\n${rowsOf(24_000)}\n`);
    const refuse: Mood = (request) =>
      request > 12 ? { status: 401, body: { error: { code: 'key.missing', reason: 'no key' } } } : undefined;
    await withGateway(refuse, async (fake) => {
      await assert.rejects(load(fake.url, ['--actions', path]), { code: 'key.missing' });
      const before = new Set(fake.actions.map(({ eventId }) => eventId));
      assert.ok(before.size > 3_000 && before.size < 24_000);
      await withGateway(undefined, async (other) => {
        // Another gateway has its own checkpoint.
        const { summary } = await load(other.url, ['--actions', path]);
        assert.equal(summary.actions!.resumedAfter, 0);
      });
    });
    let isRefusing = true;
    await withGateway(
      (request) => (isRefusing && request > 12 ? { status: 401 } : undefined),
      async (fake) => {
        await assert.rejects(load(fake.url, ['--actions', path]), { status: 401 });
        const early = fake.actions.length;
        isRefusing = false;
        const { summary, text } = await load(fake.url, ['--actions', path]);
        assert.ok(summary.actions!.resumedAfter > 1);
        assert.match(text, /stopped after line \d+ and is resumed there/);
        assert.ok(fake.actions.length - early < 24_000);
        assert.equal(new Set(fake.actions.map(({ eventId }) => eventId)).size, 24_000);
        assert.equal(summary.actions!.acknowledged, 24_000);
        // It is complete: the next load begins at the first row.
        const again = await load(fake.url, ['--actions', path]);
        assert.equal(again.summary.actions!.resumedAfter, 0);
      },
    );
  });

  it('a history that the log would delete at once is refused with the remedy after a thousand rows', async () => {
    const path = await file('old.csv', `${HEADING}\n${rowsOf(20_000)}\n`);
    const error = {
      code: 'time.past',
      reason: 'lies 900 days back',
      remedy: 'Lengthen the retention first.',
    };
    const mood: Mood = (_request, batch) => ({
      status: 400,
      body: { results: batch.map(() => ({ status: 'rejected', error })) },
    });
    await withGateway(mood, async (fake) => {
      await assert.rejects(load(fake.url, ['--actions', path]), {
        name: 'FileError',
        message:
          /rejects 1000 of the first 1000 rows with time\.past.*--shift moves all times.*Lengthen the retention first\.$/,
      });
      assert.ok(fake.requests.flat().length < 12_000);
      // A shift was not enough, so only the retention helps; the newest rows are kept.
      await assert.rejects(load(fake.url, ['--actions', path, '--shift']), {
        name: 'FileError',
        message: /back\. Lengthen the retention first\. --keep-going loads those rows that the log keeps\.$/,
      });
    });
  });

  it('seconds are asked about on a terminal, and refused where nobody answers', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => `u,i,buy,${1_772_000_000 + n}`).join('\n');
    const path = await file('seconds.csv', `${HEADING}\n${rows}\n`);
    await withGateway(undefined, async (fake) => {
      const asked: string[] = [];
      const answer = (isYes: boolean) => async (question: string) => {
        asked.push(question);
        return isYes;
      };
      await assert.rejects(load(fake.url, ['--actions', path]), /"timeFormat": "s"/);
      await assert.rejects(load(fake.url, ['--actions', path], answer(false)), /"timeFormat": "s"/);
      assert.equal(fake.requests.length, 0);
      await load(fake.url, ['--actions', path], answer(true));
      assert.equal(fake.actions[0]!.occurredAt, AT);
      assert.deepEqual(
        asked,
        Array(2).fill('The times of seconds.csv look like seconds. Read them as seconds?'),
      );
      await load(fake.url, ['--actions', path, '--time-format', 's']);
    });
  });

  it('a mapping that the files need is asked about, and written to a file where that is asked for', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => `${AT + n};u${n};i${n};bought`).join('\n');
    const path = await file('odd.csv', `when;who;what;did\n${rows}\n`);
    const goods = await file('goods.csv', 'sku;name\ni1;One\n');
    await withGateway(undefined, async (fake) => {
      const args = ['--actions', path, '--items', goods];
      await assert.rejects(load(fake.url, args), {
        message:
          /odd\.csv has no column for userId.*\ngoods\.csv has no column for itemId, title.*\nTry a --mapping/s,
      });
      const proposed = join(folder, 'proposed.json');
      const { summary } = await load(fake.url, [...args, '--propose', proposed]);
      assert.equal(fake.requests.length, 0);
      const mapping = JSON.parse(await readFile(proposed, 'utf8')) as unknown;
      assert.deepEqual(mapping, summary.proposed);
      assert.deepEqual((mapping as Mapping).items, { itemId: 'sku', title: 'name' });
      await load(fake.url, [...args, '--mapping', proposed]);
      assert.deepEqual(
        [fake.actions.length, fake.actions[0]!.type, fake.items[0]!.title],
        [40, 'buy', 'One'],
      );
      const questions: string[] = [];
      await load(fake.url, args, async (question) => {
        questions.push(question);
        return true;
      });
      assert.match(questions.join(), /odd\.csv has no column[\s\S]*Read them with the mapping \{.*\}\?$/);
      assert.equal(fake.actions.length, 80);
    });
  });

  it('a gateway that does not answer is named after a few seconds, and ends the load with exit code 4', async () => {
    const path = await file('alone.csv', `${HEADING}\n${rowsOf(3)}\n`);
    const url = `http://127.0.0.1:${await freePort()}`;
    const command = [join(import.meta.dirname, 'cli.ts'), '--actions', path, '--gateway', url];
    const { code, stderr } = await new Promise<{ code: number; stderr: string }>((resolve) => {
      execFile(process.execPath, command, (error, _, text) =>
        resolve({ code: error === null ? 0 : Number(error.code), stderr: text }),
      );
    });
    assert.equal(code, 4, stderr);
    assert.match(
      stderr,
      new RegExp(`The gateway at ${url} does not answer \\(ECONNREFUSED\\); waited \\d+ s`),
    );
    assert.match(stderr, /Check --gateway, or start one .*resumes where it stopped/);
  });

  it('memory stays flat however long a file is', async () => {
    const path = join(folder, 'large.csv');
    const out = createWriteStream(path);
    out.write(`${HEADING}\n`);
    for (let block = 0; block < 60; block++) out.write(`${rowsOf(1_000)}\n`);
    out.end();
    await finished(out);
    await withGateway(undefined, async (fake) => {
      const drop = setInterval(() => {
        (fake.actions as unknown[]).length = 0;
        (fake.requests as unknown[]).length = 0;
      }, 20);
      const before = liveHeap();
      let peak = 0;
      const watch = setInterval(() => {
        peak = Math.max(peak, liveHeap() - before);
      }, 200);
      const { summary } = await load(fake.url, ['--actions', path]);
      clearInterval(drop);
      clearInterval(watch);
      assert.equal(summary.actions!.acknowledged, 60_000);
      assert.ok(peak < 50 * 1_048_576, `${Math.round(peak / 1_048_576)} MiB`);
    });
  });

  it('the command names its options, and reports a fault in one sentence, with exit code 2 for a wrong word', async () => {
    const run = (...args: string[]) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...args], (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
        );
      });
    const help = await run('--help');
    assert.equal(help.code, 0);
    for (const option of ['--actions', '--dry-run', '--shift', '--report', '--encoding']) {
      assert.ok(help.stdout.includes(option), option);
    }
    for (const [args, exitCode, sentence] of [
      [[], 2, /give --actions, --items, or both/],
      [['--actions', 'absent.csv'], 1, /absent\.csv/],
      [['--actions', 'a.csv', '--gateway', 'nowhere'], 2, /Expected an address/],
    ] as const) {
      const { code, stderr } = await run(...args);
      assert.equal(code, exitCode, stderr);
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /^\s+at /m);
    }
    const path = await file('one.csv', `${HEADING}\n${rowsOf(1)}\n`);
    await withGateway(undefined, async (fake) => {
      const { code, stdout } = await run('--actions', path, '--gateway', fake.url, '--json');
      const summary = JSON.parse(stdout);
      assert.deepEqual([code, summary.actions.acknowledged, summary.leftOut.count], [0, 1, 0]);
    });
  });
});
