import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readClickLog } from './click-log.ts';
import { checkSteps, measureSessions } from './measure.ts';

const DAY_S = 86_400;
const START_S = Date.UTC(2026, 0, 1) / 1_000;

describe('a log of clicks', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'clicks-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string, pack: (text: string) => string | Buffer = (plain) => plain) => {
    writeFileSync(join(folder, name), pack(text));
    return join(folder, name);
  };

  it('a file is split at the start of its last day, whatever the names and units of its columns', () => {
    const rows = [
      `s1,a,${(START_S + 10) * 1_000}`,
      `s2,b,${(START_S + DAY_S) * 1_000}`,
      `s1,c,${START_S * 1_000}`,
    ];
    const { train, test } = readClickLog(write('log.csv', `userId,itemId,occurredAt\n${rows.join('\n')}\n`));
    assert.deepEqual(
      train.map(({ item }) => item),
      ['c', 'a'],
    );
    assert.deepEqual(test, [{ session: 's2', item: 'b', at: (START_S + DAY_S) * 1_000 }]);
  });

  it('a folder holds the training and the test part, plain or gzipped, with times in seconds or as dates', () => {
    write('train.csv.gz', `session,item,t\ns1,a,${START_S}\n`, gzipSync);
    write('test.csv', 'session,item,t\ns2,b,2026-01-02T00:00:00Z\n');
    const { train, test } = readClickLog(folder);
    assert.equal(train[0]?.at, START_S * 1_000);
    assert.equal(test[0]?.at, (START_S + DAY_S) * 1_000);
  });

  it('a log that cannot be read is refused with the file, the line and what is missing', () => {
    assert.throws(() => readClickLog(undefined), /No log was named/);
    assert.throws(() => readClickLog(join(folder, 'nothing')), /There is no/);
    assert.throws(
      () => readClickLog(write('odd.csv', 'who,item,t\na,b,1\n')),
      /has no column of the session or user\. Name it session, .* in the first line, which has who, item, t\.$/,
    );
    assert.throws(
      () => readClickLog(write('bad.csv', 'session,item,t\na,b,1\na,,2\n')),
      /bad\.csv, line 3: no item/,
    );
    assert.throws(
      () => readClickLog(write('time.csv', 'session,item,t\na,b,soon\n')),
      /line 2: no time, but “soon”/,
    );
  });

  it('a file that holds too little, or no table at all, is refused in one sentence before anything is trained', () => {
    const head = 'session,item,t\n';
    assert.throws(() => readClickLog(write('empty.csv', '')), /which has nothing\.$/);
    assert.throws(() => readClickLog(write('header.csv', head)), /has no clicks/);
    assert.throws(
      () => readClickLog(write('ragged.csv', `${head}a,b,1,extra\n`)),
      /as many cells as the first/,
    );
    assert.throws(() => readClickLog(write('plain.csv.gz', `${head}a,b,1\n`)), /gzipped only if/);
    const day = `${head}a,b,${START_S}\na,c,${START_S + 1}\n`;
    assert.throws(() => readClickLog(write('day.csv', day)), /of one day \(UTC\)/);
    const lone = readClickLog(write('lone.csv', `${day}b,b,${START_S + DAY_S}\n`));
    assert.throws(() => checkSteps(lone), /No session of the test part \(1 clicks\) has two items/);
    assert.throws(() => checkSteps({ train: lone.test, test: lone.train }), /of the training part/);
    assert.doesNotThrow(() => checkSteps({ train: lone.train, test: lone.train }));
  });
});

describe('the next item of a session', () => {
  it('live models know the day, frozen ones do not, and every method is scored on the same steps', async () => {
    const click = (session: string, item: string, second: number) => ({
      session,
      item,
      at: (START_S + second) * 1_000,
    });
    const train = [click('s1', 'a', 0), click('s1', 'b', 1), click('s2', 'c', 2), click('s2', 'd', 3)];
    // On the second day y follows x, which no session of the first day shows.
    const test = ['t1', 't2', 't3'].flatMap((session, n) => [
      click(session, 'x', DAY_S + 10 * n),
      click(session, 'y', DAY_S + 10 * n + 1),
    ]);
    const { frozen, live, served } = (await measureSessions({ train, test })) as unknown as Record<
      string,
      ReadonlyArray<{ name: string; steps: number; hr20: number }>
    >;
    for (const row of [...frozen!, ...live!, ...served!]) assert.equal(row.steps, 3, row.name);
    const of = (rows: typeof live, name: string) => rows!.find((row) => row.name === name)!.hr20;
    for (const name of ['session-neighbours', 'session-transitions', 'V-SKNN']) {
      assert.equal(of(frozen, name), 0, name);
      assert.equal(of(live, name), 2 / 3, name);
    }
    assert.equal(of(served, 'as served'), 2 / 3);
    assert.equal(of(served, 'sum'), 2 / 3);
  });

  it('a test part without a step is refused', async () => {
    const train = [{ session: 's1', item: 'a', at: START_S * 1_000 }];
    await assert.rejects(measureSessions({ train, test: [] }), /The test part has no step/);
  });
});
