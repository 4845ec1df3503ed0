import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TributaryError } from '#contracts/errors.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { type Look, waitForProgress } from './wait.ts';

function createWait() {
  let time = 0;
  const lines: string[] = [];
  const clock = {
    now: () => time,
    sleep: async (ms: number) => {
      time += ms;
    },
  };
  return {
    lines,
    minutes: () => time / 60_000,
    wait: <T>(look: () => Promise<Look<T>>) =>
      waitForProgress('Clustering the users', look, {
        say: (line) => lines.push(line),
        everyMs: 1_000,
        clock,
      }),
  };
}

test('work that is slow but moves is waited for, however long it takes, and its progress is shown', async () => {
  const { wait, lines, minutes } = createWait();
  let users = 0;
  const found = await wait(async () => {
    // One user in nine minutes.
    users += 1 / 540;
    return users > 20 ? { found: 'all' } : { progress: `${Math.floor(users)} of 20 users` };
  });
  assert.equal(found, 'all');
  assert.ok(minutes() > 170);
  assert.equal(lines.length, 20);
  assert.match(lines[3]!, /^Clustering the users: 3 of 20 users \(\d+ s so far\)$/);
});

test('a stage that is too busy to answer is asked again', async () => {
  const { wait } = createWait();
  let looks = 0;
  const busy = new TributaryError('peer.unavailable', 'index does not answer', {
    retryable: true,
    status: 503,
  });
  assert.equal(
    await wait(async () => {
      looks += 1;
      if (looks < 5) throw busy;
      return { found: looks };
    }),
    5,
  );
  await assert.rejects(
    wait(() => Promise.reject(new TypeError('a defect'))),
    TypeError,
  );
});

test('work that stands still for ten minutes is an error that names its last progress', async () => {
  const { wait, minutes } = createWait();
  const standing = wait(async () => ({ progress: '7 of 20 users' }));
  await assert.rejects(standing, (error) => {
    assert.ok(error instanceof SetupError);
    assert.match(error.message, /^Clustering the users has made no progress for 10 minutes.*7 of 20 users/);
    return true;
  });
  assert.equal(Math.round(minutes()), 10);
});
