import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { decodeMessage } from './decode-message.ts';

const log = pino({ level: 'silent' });
const value = Buffer.from('1');
const broken = new DecodeError('decode.bytes', 'broken');

describe('decoding a message', () => {
  it('returns without a promise when the codec does', () => {
    assert.equal(
      decodeMessage({ value }, (bytes) => bytes.toString(), log),
      '1',
    );
    assert.equal(
      decodeMessage(
        { value },
        () => {
          throw broken;
        },
        log,
      ),
      broken,
    );
  });

  it('returns null for a tombstone and the error of a rejected batch', () => {
    const never = () => assert.fail('not decoded');
    assert.equal(decodeMessage({ value: null }, never, log), null);
    assert.equal(decodeMessage({ value: Buffer.alloc(0), batchError: broken }, never, log), broken);
  });

  it('waits while the codec requests a schema', async () => {
    assert.equal(await decodeMessage({ value }, async (bytes) => bytes.toString(), log), '1');
    assert.equal(await decodeMessage({ value }, () => Promise.reject(broken), log), broken);
  });

  it('retries while the registry is unreachable', async () => {
    const away = new Error('away');
    const outages = [() => Promise.reject(away), () => Promise.resolve('1')];
    assert.equal(await decodeMessage({ value }, () => outages.shift()!(), log), '1');
    const throwing = [
      () => {
        throw away;
      },
      () => Promise.reject(broken),
    ];
    assert.equal(await decodeMessage({ value }, () => throwing.shift()!(), log), broken);
  });
});
