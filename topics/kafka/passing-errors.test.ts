import assert from 'node:assert/strict';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { isPassing, whilePassing } from './passing-errors.ts';

function named(name: string, cause?: Error): Error {
  return Object.assign(new Error(name, { cause }), { name, retriable: false });
}

test('an error passes when nobody answered, although kafkajs does not retry it', () => {
  assert.ok(isPassing(named('KafkaJSLockTimeout')));
  assert.ok(isPassing(named('KafkaJSGroupCoordinatorNotFound')));
  assert.ok(isPassing(named('KafkaJSNonRetriableError', named('KafkaJSConnectionError'))));
});

test('an error passes when one that kafkajs retries has caused it', () => {
  const retriable = Object.assign(new Error('rebalancing'), { retriable: true });
  assert.ok(isPassing(named('KafkaJSNonRetriableError', retriable)));
});

test('an error of the protocol or of the program does not pass', () => {
  const refused = { type: 'GROUP_AUTHORIZATION_FAILED', code: 30, retriable: false };
  assert.ok(!isPassing(new kafkajs.KafkaJSProtocolError(Object.assign(new Error('refused'), refused))));
  assert.ok(!isPassing(new TypeError('undefined is not a function')));
  assert.ok(!isPassing('no error'));
});

test('work that fails for a moment is repeated, and work that fails for good is not', async () => {
  let attempts = 0;
  const leaderless = Object.assign(new Error('not the leader'), { retriable: true });
  const found = await whilePassing(async () => {
    attempts += 1;
    if (attempts < 3) throw leaderless;
    return attempts;
  }, 1);
  assert.equal(found, 3);
  const always = whilePassing(async () => {
    attempts += 1;
    throw leaderless;
  }, 1);
  await assert.rejects(always, leaderless);
  assert.equal(attempts, 3 + 21);
  const once = whilePassing(async () => {
    attempts += 1;
    throw new TypeError('undefined is not a function');
  }, 1);
  await assert.rejects(once, TypeError);
  assert.equal(attempts, 3 + 21 + 1);
});
