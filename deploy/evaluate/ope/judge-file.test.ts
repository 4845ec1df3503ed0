import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { judgeFile, readJudgedFile } from './judge-file.ts';

const both = (slot: number, given = slot) => ({ slot, given });
const lineOf = (user: string, slots: readonly object[]) => JSON.stringify({ user, slots });

test('a file of slates is judged under each way of looking, and the better policy is named where it is known', () => {
  const folder = mkdtempSync(join(tmpdir(), 'judged-'));
  // The first item is clicked on, the second one never; the log shows both alike, the judged policy the first one at 90 %.
  const lines = Array.from({ length: 400 }, (_, i) => {
    const isGood = i % 2 === 0;
    const slot = { reward: isGood ? 1 : 0, logged: both(0.5), judged: both(isGood ? 0.9 : 0.1) };
    return lineOf(`u${i % 97}`, [slot]);
  });
  const path = join(folder, 'log.jsonl');
  writeFileSync(path, `${lines.join('\n')}\n`);
  try {
    const { rows, logged, users } = judgeFile(path) as {
      rows: Record<string, unknown>[];
      logged: number;
      users: number;
    };
    assert.equal(logged, 0.5);
    assert.equal(users, 97);
    assert.deepEqual(
      rows.map(({ looking }) => looking),
      ['slot', 'cascade', 'slate'],
    );
    for (const row of rows) {
      assert.ok(Math.abs(Number(row['self-normalised']) - 0.9) < 1e-9);
      assert.equal(row.verdict, 'The judged policy is better than the logged one.');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('shorter slates are filled up, and expected rewards count only if every slot has them', () => {
  const expected = { shown: 0.1, slot: 0.2, given: 0.3 };
  const slot = { reward: 2, logged: both(0.5, 0.4), judged: both(1, 0) };
  const { log, expected: model } = readJudgedFile(
    [
      lineOf('a', [
        { ...slot, expected },
        { ...slot, expected },
      ]),
      '',
      lineOf('b', [{ ...slot, expected }]),
    ].join('\n'),
  );
  assert.deepEqual([...log.users], [0, 1]);
  assert.deepEqual([...log.rewards], [2, 2, 2, 0]);
  assert.deepEqual([...log.logged.given], [0.4, 0.4, 0.4, 1]);
  assert.deepEqual([...model!.given], [0.3, 0.3, 0.3, 0]);
  assert.equal(
    readJudgedFile([lineOf('a', [slot]), lineOf('b', [{ ...slot, expected }])].join('\n')).expected,
    undefined,
  );
});

test('a line that is no slate is refused by its number and field', () => {
  const good = { reward: 1, logged: both(0.5), judged: both(0.5) };
  for (const [text, reason] of [
    ['', /The file has no slate/],
    ['{', /Line 1 is no JSON/],
    [`${lineOf('a', [good])}\n${lineOf('', [good])}`, /Line 2: user is no text/],
    [lineOf('a', []), /Line 1: slots has no slot/],
    [lineOf('a', [{ ...good, reward: 'x' }]), /Line 1: slots\[0\]\.reward is no number/],
    [lineOf('a', [{ ...good, logged: both(0) }]), /slots\[0\]\.logged\.slot is no probability/],
    [lineOf('a', [good, { ...good, judged: both(0.5, 2) }]), /slots\[1\]\.judged\.given is no probability/],
    [lineOf('a', [{ ...good, expected: { shown: 1 } }]), /slots\[0\]\.expected\.slot is no number/],
  ] as const)
    assert.throws(() => readJudgedFile(text), reason);
});
