import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KafkaCredentials, kafkaSecurity, securityFaults } from './security.ts';

const NONE: KafkaCredentials = {
  tls: false,
  ca: '',
  username: '',
  password: '',
  mechanism: 'scram-sha-512',
};
const CA = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----';

describe('the security of Kafka connections', () => {
  it('a connection without settings is plain and anonymous', () => {
    assert.deepEqual(securityFaults(NONE), []);
    assert.deepEqual(kafkaSecurity(NONE), {});
  });

  it('TLS trusts the given authority, else those of the system', () => {
    assert.deepEqual(kafkaSecurity({ ...NONE, tls: true }), { ssl: true });
    assert.deepEqual(kafkaSecurity({ ...NONE, tls: true, ca: CA }), { ssl: { ca: CA } });
  });

  it('a user is authenticated by the chosen mechanism', () => {
    const user = { username: 'interests', password: 'p', mechanism: 'scram-sha-256' as const };
    assert.deepEqual(kafkaSecurity({ ...NONE, ...user }), { sasl: user });
  });

  it('settings that contradict each other are faults that name the variable and the remedy', () => {
    assert.match(securityFaults({ ...NONE, username: 'u' })[0] ?? '', /^KAFKA_PASSWORD is missing/);
    assert.match(securityFaults({ ...NONE, password: 'secret' })[0] ?? '', /^KAFKA_USERNAME is missing/);
    assert.match(securityFaults({ ...NONE, ca: CA })[0] ?? '', /^KAFKA_TLS must be true/);
    assert.match(
      securityFaults({ ...NONE, tls: true, ca: 'ca.crt' })[0] ?? '',
      /^KAFKA_CA must be a certificate/,
    );
  });
});
