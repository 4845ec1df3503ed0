/** How clients of Kafka prove who they are, and how connections are encrypted. Pure. */
import type { SASLOptions } from 'kafkajs';

export const SASL_MECHANISMS = ['scram-sha-512', 'scram-sha-256', 'plain'] as const;

/** The settings as they are given; an empty text means that the setting is not given. */
export interface KafkaCredentials {
  readonly tls: boolean;
  /** Certificates in PEM of the authority that signed those of the brokers; empty trusts those of the system. */
  readonly ca: string;
  readonly username: string;
  readonly password: string;
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
}

/** The part of kafkajs's configuration that follows from the credentials. */
export interface KafkaSecurity {
  readonly ssl?: true | { readonly ca: string };
  readonly sasl?: SASLOptions;
}

/** Returns the contradictions between the settings, each with its remedy; empty if there are none. */
export function securityFaults({ tls, ca, username, password }: KafkaCredentials): string[] {
  const faults: string[] = [];
  if (username !== '' && password === '')
    faults.push('KAFKA_PASSWORD is missing: KAFKA_USERNAME is set, so set its password too');
  if (username === '' && password !== '')
    faults.push('KAFKA_USERNAME is missing: KAFKA_PASSWORD is set, so name its user too');
  if (!tls && ca !== '') faults.push('KAFKA_TLS must be true: KAFKA_CA is set, and only TLS uses it');
  if (tls && ca !== '' && !ca.includes('-----BEGIN CERTIFICATE-----'))
    faults.push('KAFKA_CA must be a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----');
  return faults;
}

/** Returns kafkajs's configuration of credentials without faults. */
export function kafkaSecurity({ tls, ca, username, password, mechanism }: KafkaCredentials): KafkaSecurity {
  return {
    ...(tls ? { ssl: ca === '' ? (true as const) : { ca } } : {}),
    ...(username === '' ? {} : { sasl: { mechanism, username, password } as SASLOptions }),
  };
}
