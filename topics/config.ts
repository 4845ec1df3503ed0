/** Where the command line finds its cluster. Only this file of the folder reads environment variables. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '#contracts/errors.ts';
import { redactUrl } from '#contracts/redact-url.ts';
import { readSecret } from '#contracts/secret-file.ts';
import { type KafkaSecurity, kafkaSecurity, SASL_MECHANISMS, securityFaults } from './kafka/security.ts';

export interface TopicsConfig {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly namespace: string;
  /** Undefined if the connections are neither encrypted nor authenticated. */
  readonly security?: KafkaSecurity;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE of the environment, and the TLS and credentials of
 * the stages. Without KAFKA_BROKERS it returns the connection of a running demo; without a demo, localhost.
 * @throws TributaryError `topics.option` for an address of a wrong form, or credentials that contradict each other
 */
export function readTopicsConfig(environment: Environment): TopicsConfig {
  const demo = environment.KAFKA_BROKERS ? {} : runningDemo(environment);
  const value = (name: string, otherwise: string) => environment[name] || demo[name] || otherwise;

  const brokers = value('KAFKA_BROKERS', 'localhost:9092')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  const badBroker = brokers.find((broker) => !/^[^\s/]+:\d{1,5}$/.test(broker));
  if (badBroker !== undefined || brokers.length === 0) {
    throw new TributaryError(
      'topics.option',
      `KAFKA_BROKERS: write host:port,host:port, not “${badBroker ?? ''}”.`,
    );
  }
  const registryUrl =
    secret('SCHEMA_REGISTRY_URL', environment) || demo.SCHEMA_REGISTRY_URL || 'http://localhost:8081';
  if (!URL.canParse(registryUrl)) {
    throw new TributaryError(
      'topics.option',
      `SCHEMA_REGISTRY_URL: write a URL, not “${redactUrl(registryUrl)}”.`,
    );
  }
  const security = readSecurity(environment);
  return {
    brokers,
    registryUrl,
    namespace: value('TRIBUTARY_NAMESPACE', ''),
    ...(Object.keys(security).length === 0 ? {} : { security }),
  };
}

/** The variables by which a stage connects too. @throws TributaryError `topics.option` */
function readSecurity(environment: Environment): KafkaSecurity {
  const { KAFKA_TLS: tls = 'false', KAFKA_SASL_MECHANISM: named = SASL_MECHANISMS[0] } = environment;
  const mechanism = SASL_MECHANISMS.find((candidate) => candidate === named);
  if (mechanism === undefined || !['true', 'false', ''].includes(tls)) {
    const accepted = `KAFKA_SASL_MECHANISM one of ${SASL_MECHANISMS.join(', ')}`;
    throw new TributaryError('topics.option', `KAFKA_TLS must be true or false, and ${accepted}.`);
  }
  const credentials = {
    tls: tls === 'true',
    ca: secret('KAFKA_CA', environment),
    username: environment.KAFKA_USERNAME ?? '',
    password: secret('KAFKA_PASSWORD', environment),
    mechanism,
  };
  const faults = securityFaults(credentials);
  if (faults.length > 0) throw new TributaryError('topics.option', faults.join('\n'));
  return kafkaSecurity(credentials);
}

/** @throws TributaryError `topics.option` if the file of the secret cannot be read */
function secret(variable: string, environment: Environment): string {
  const read = readSecret(variable, environment);
  if ('fault' in read) throw new TributaryError('topics.option', read.fault);
  return read.text ?? '';
}

/** Returns the addresses of a running demo, by the names of their variables; empty if no demo runs. */
export function runningDemo(environment: Environment): Environment {
  const cache = environment.TRIBUTARY_CACHE || join(homedir(), '.cache', 'tributary');
  try {
    return JSON.parse(readFileSync(join(cache, 'run', 'demo', 'connection.json'), 'utf8')) as Environment;
  } catch {
    return {};
  }
}
