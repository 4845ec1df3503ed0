import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TributaryError } from '#contracts/errors.ts';
import {
  choice,
  kafkaSecurityOf,
  list,
  number,
  PLATFORM_SETTINGS,
  readConfig,
  type Setting,
  secret,
  secretVariables,
  text,
  weights,
} from './config.ts';

const read = <T>(setting: Setting<T>, given?: string) =>
  readConfig({ setting }, given === undefined ? {} : { [setting.variable]: given }).setting;

function faultsOf(settings: Record<string, Setting<unknown>>, environment: Record<string, string>): string[] {
  try {
    readConfig(settings, environment);
  } catch (error) {
    assert.ok(error instanceof TributaryError);
    assert.equal(error.code, 'config.invalid');
    return error.message.split('\n');
  }
  return [];
}

const size = number('SIZE', { fallback: 3, minimum: 1, maximum: 9, integer: true, summary: 'how many' });

describe('settings', () => {
  it('settings are read from the environment, else their fallbacks', () => {
    assert.equal(read(size), 3);
    assert.equal(read(size, ''), 3, 'an empty variable counts as unset');
    assert.equal(read(size, ' 7 '), 7);
  });

  it('every fault is reported at once, with variable, value and meaning', () => {
    const settings = {
      size,
      name: text('NAME', { summary: 'who' }),
      colour: choice('COLOUR', ['red'], { summary: 'c' }),
    };
    assert.deepEqual(faultsOf(settings, { SIZE: 'many', COLOUR: 'blue' }), [
      'SIZE must be a whole number from 1 to 9, but is "many": how many',
      'NAME is missing: who',
      'COLOUR must be one of red, but is "blue": c',
    ]);
  });

  it('a number outside its range is rejected', () => {
    for (const bad of ['0', '10', '2.5', 'NaN', 'Infinity', '1 2', ' ', '3px']) {
      assert.equal(faultsOf({ size }, { SIZE: bad }).length, 1, bad);
    }
    const share = number('SHARE', { minimum: 0, maximum: 1, summary: 's' });
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -2, max: 2 }), (value) => {
        const faults = faultsOf({ share }, { SHARE: String(value) });
        assert.equal(faults.length, value >= 0 && value <= 1 ? 0 : 1);
      }),
    );
  });

  it('texts and lists are trimmed, and blank ones are rejected', () => {
    assert.equal(read(text('NAME', { summary: 's' }), ' shop '), 'shop');
    assert.deepEqual(read(list('HOSTS', { summary: 's' }), 'a:1, b:2,,'), ['a:1', 'b:2']);
    assert.equal(faultsOf({ name: text('NAME', { summary: 's' }) }, { NAME: '  ' }).length, 1);
    assert.equal(faultsOf({ hosts: list('HOSTS', { summary: 's' }) }, { HOSTS: ' , ' }).length, 1);
  });

  it('weights are read for known names, and the others keep their fallback', () => {
    const setting = weights('WEIGHTS', { buy: 1, view: 0.2 }, { summary: 's' });
    assert.deepEqual(read(setting, 'view=-1'), { buy: 1, view: -1 });
    assert.deepEqual(read(setting, 'view = .5, buy=2'), { buy: 2, view: 0.5 });
    for (const bad of ['sell=1', 'buy', 'buy=', 'buy=x', 'buy=Infinity', 'buy=1,,']) {
      const [fault] = faultsOf({ setting }, { WEIGHTS: bad });
      assert.match(fault ?? '', /WEIGHTS must be a list such as buy=1 with names among buy, view/, bad);
    }
  });

  it('every setting of the platform has a fallback, so that a stage starts beside a local stack', () => {
    const config = readConfig(PLATFORM_SETTINGS, {});
    assert.equal(config.namespace, '');
    assert.deepEqual(config.brokers, ['127.0.0.1:9092']);
  });

  it('a secret comes from its variable or its file, and no fault repeats it', () => {
    const password = secret('PASSWORD', { summary: 'the word' });
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    const path = join(folder, 'password');
    writeFileSync(path, 'open sesame\n');
    assert.equal(readConfig({ password }, { PASSWORD_FILE: path }).password, 'open sesame');
    assert.equal(read(password, 'abc'), 'abc');
    assert.deepEqual(faultsOf({ password }, { PASSWORD: 'abc', PASSWORD_FILE: path }), [
      'PASSWORD and PASSWORD_FILE are both set: unset one of them',
    ]);
    assert.match(
      faultsOf({ password }, { PASSWORD_FILE: join(folder, 'no') })[0] ?? '',
      /cannot be read \(ENOENT\)/,
    );
    const strict = { ...password, parse: () => undefined };
    assert.deepEqual(faultsOf({ strict }, { PASSWORD: 'abc' }), [
      'PASSWORD must be a non-empty text: the word',
    ]);
    rmSync(folder, { recursive: true });
  });

  it('the passwords, addresses with passwords, and certificates of every stage are secrets', () => {
    const variables = secretVariables(PLATFORM_SETTINGS).filter((name) => !name.endsWith('_FILE'));
    assert.deepEqual(variables, ['KAFKA_CA', 'KAFKA_PASSWORD', 'SCHEMA_REGISTRY_URL', 'REDIS_URL']);
  });

  it('the settings of Kafka become the TLS and the credentials of the client, and contradictions are faults', () => {
    const of = (environment: Record<string, string>) =>
      kafkaSecurityOf(readConfig(PLATFORM_SETTINGS, environment));
    assert.deepEqual(of({}), {});
    assert.deepEqual(of({ KAFKA_TLS: 'true', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }), {
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    });
    assert.throws(() => of({ KAFKA_USERNAME: 'u' }), { code: 'config.invalid', message: /KAFKA_PASSWORD/ });
  });

  it('describe the values that they accept with the unit, and their default as the environment would hold it', () => {
    const deadline = PLATFORM_SETTINGS.drainDeadlineMs;
    assert.equal(deadline.accepts, 'a whole number of ms from 1000 to 120000');
    const settings = [
      deadline,
      list('HOSTS', { fallback: ['a:1', 'b:2'], summary: 's' }),
      weights('WEIGHTS', { buy: 1, hide: -0.5 }, { summary: 's' }),
      choice('COLOUR', ['red', 'blue'], { fallback: 'blue', summary: 's' }),
    ];
    for (const setting of settings) {
      assert.deepEqual(setting.parse(setting.fallbackText), setting.fallback, setting.variable);
    }
  });
});
