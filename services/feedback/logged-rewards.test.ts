import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { untilRead } from './logged-rewards.ts';

const log = pino({ level: 'silent' });

it('the rewards of the log are read again after an outage of the brokers', async () => {
  const outages = [new Error('connect ECONNREFUSED'), new Error('connect ECONNREFUSED')];
  const { signal } = new AbortController();
  const read = async () => {
    const outage = outages.pop();
    if (outage !== undefined) throw outage;
    return 'rewards';
  };
  assert.equal(await untilRead({ log, lifecycle: { signal } }, read, 1), 'rewards');
});

it('a read that fails while the stage drains is left to the next start', async () => {
  const stop = new AbortController();
  const read = async () => {
    stop.abort();
    throw new Error('connect ECONNREFUSED');
  };
  const reading = untilRead({ log, lifecycle: { signal: stop.signal } }, read, 60_000);
  await assert.rejects(reading, { code: 'kafka.unreachable', retryable: true });
});
