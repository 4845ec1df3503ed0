import assert from 'node:assert/strict';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { isPassing } from './passing-errors.ts';

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
