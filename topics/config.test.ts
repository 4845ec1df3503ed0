import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readTopicsConfig } from './config.ts';

describe('the connection of the command line', () => {
  let cache = '';
  let emptyCache = '';

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), 'topics-config-'));
    emptyCache = join(cache, 'empty');
    await mkdir(join(cache, 'run', 'demo'), { recursive: true });
    const connection = {
      KAFKA_BROKERS: '127.0.0.1:5001',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:5002/apis/ccompat/v7',
      TRIBUTARY_NAMESPACE: 'demo',
    };
    await writeFile(join(cache, 'run', 'demo', 'connection.json'), JSON.stringify(connection));
  });

  after(() => rm(cache, { recursive: true }));

  it('is read from the environment', () => {
    const environment = {
      KAFKA_BROKERS: 'a:1, b:2',
      SCHEMA_REGISTRY_URL: 'http://r:3',
      TRIBUTARY_NAMESPACE: 'shop',
      TRIBUTARY_CACHE: cache,
    };
    const config = { brokers: ['a:1', 'b:2'], registryUrl: 'http://r:3', namespace: 'shop' };
    assert.deepEqual(readTopicsConfig(environment), config);
  });

  it('is that of the running demo if the environment names no brokers', () => {
    assert.deepEqual(readTopicsConfig({ TRIBUTARY_CACHE: cache }), {
      brokers: ['127.0.0.1:5001'],
      registryUrl: 'http://127.0.0.1:5002/apis/ccompat/v7',
      namespace: 'demo',
    });
    assert.equal(
      readTopicsConfig({ TRIBUTARY_CACHE: cache, TRIBUTARY_NAMESPACE: 'other' }).namespace,
      'other',
    );
  });

  it("never mixes brokers of the environment with the demo's registry", () => {
    const config = { brokers: ['a:1'], registryUrl: 'http://localhost:8081', namespace: '' };
    assert.deepEqual(readTopicsConfig({ KAFKA_BROKERS: 'a:1', TRIBUTARY_CACHE: cache }), config);
  });

  it('defaults to localhost', () => {
    assert.deepEqual(readTopicsConfig({ TRIBUTARY_CACHE: emptyCache }).brokers, ['localhost:9092']);
  });

  it('has the TLS and the credentials that stages have, also from files', async () => {
    const password = join(cache, 'password');
    await writeFile(password, 'p\n');
    const environment = {
      KAFKA_BROKERS: 'a:1',
      KAFKA_TLS: 'true',
      KAFKA_USERNAME: 'topics',
      KAFKA_PASSWORD_FILE: password,
    };
    assert.deepEqual(readTopicsConfig(environment).security, {
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'topics', password: 'p' },
    });
    for (const bad of [
      { KAFKA_TLS: 'yes' },
      { KAFKA_SASL_MECHANISM: 'gssapi' },
      { KAFKA_USERNAME: 'u' },
      { KAFKA_PASSWORD_FILE: join(cache, 'absent') },
    ]) {
      assert.throws(() => readTopicsConfig({ KAFKA_BROKERS: 'a:1', ...bad }), { code: 'topics.option' });
    }
  });

  it('rejects addresses of a wrong form', () => {
    for (const KAFKA_BROKERS of ['localhost', 'http://a:1', 'a:1,b', ',']) {
      assert.throws(() => readTopicsConfig({ KAFKA_BROKERS }), { code: 'topics.option' }, KAFKA_BROKERS);
    }
    const bad = { KAFKA_BROKERS: 'a:1', SCHEMA_REGISTRY_URL: 'nowhere' };
    assert.throws(() => readTopicsConfig(bad), { code: 'topics.option' });
  });
});
