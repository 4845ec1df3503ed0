import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactUrl } from '#contracts/redact-url.ts';
import { evictionFault } from './client.ts';
import { parseRedisUrl } from './url.ts';

describe('the address of Redis', () => {
  it('a password may hold every character, as it is or percent-encoded', () => {
    for (const password of ['plain', 'a#b', 'a@b', 'a/b', 'a:b', 'a?b', 'a%b', '#@/:?%', 'ü 茶']) {
      const address = { host: 'redis', port: 6_380, username: 'ann', password, db: 2 };
      if (!/%[0-9a-f]{2}/i.test(password))
        assert.deepEqual(parseRedisUrl(`redis://ann:${password}@redis:6380/2`), address, password);
      assert.deepEqual(parseRedisUrl(`redis://ann:${encodeURIComponent(password)}@redis:6380/2`), address);
    }
  });

  it('user, port and database may be left out', () => {
    assert.deepEqual(parseRedisUrl('redis://localhost'), { host: 'localhost', port: 6_379 });
    assert.deepEqual(parseRedisUrl('redis://:secret@10.0.0.1/'), {
      host: '10.0.0.1',
      port: 6_379,
      password: 'secret',
    });
    assert.deepEqual(parseRedisUrl('rediss://[::1]:7000/1'), { host: '::1', port: 7_000, db: 1, tls: {} });
  });

  it('anything else is refused with the form, and no credential is in the message', () => {
    for (const url of [
      'http://h',
      'redis://ann:secret@',
      'ann:secret@host',
      'redis://ann:secret@ho st',
      'redis://:secret@h:x',
    ]) {
      assert.throws(
        () => parseRedisUrl(url),
        (error: Error) => /must have the form/.test(error.message) && !error.message.includes('secret'),
        url,
      );
    }
  });

  it('no credential survives a redaction', () => {
    assert.equal(redactUrl('redis://ann:se@c/r#et@host:1/2'), 'redis://***@host:1/2');
    assert.equal(redactUrl('https://ann:secret@registry'), 'https://***@registry');
    assert.equal(redactUrl('redis://host'), 'redis://host');
  });
});

describe('the eviction policy', () => {
  it('only a limit with a policy that drops keys is a fault', () => {
    const fault = (maxmemory: string, policy: string) =>
      evictionFault(
        new Map([
          ['maxmemory', maxmemory],
          ['maxmemory-policy', policy],
        ]),
      );
    assert.equal(fault('0', 'allkeys-lru'), undefined);
    assert.equal(fault('100', 'noeviction'), undefined);
    assert.match(fault('100', 'allkeys-lru')!, /maxmemory-policy allkeys-lru/);
    assert.match(fault('100', 'volatile-ttl')!, /volatile-ttl/);
    assert.equal(evictionFault(new Map()), undefined);
  });
});
