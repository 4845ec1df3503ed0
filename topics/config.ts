/** Where the command line finds its cluster. Only this file of the folder reads environment variables. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '#contracts/errors.ts';
import { redactUrl } from '#contracts/redact-url.ts';

export interface TopicsConfig {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly namespace: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE of the environment. Without KAFKA_BROKERS it
 * returns the connection of a running demo; without a demo, localhost.
 * @throws TributaryError `topics.option` for an address of a wrong form
 */
export function readTopicsConfig(environment: Environment): TopicsConfig {
  const demo = environment.KAFKA_BROKERS ? {} : demoConnection(environment);
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
  const registryUrl = value('SCHEMA_REGISTRY_URL', 'http://localhost:8081');
  if (!URL.canParse(registryUrl)) {
    throw new TributaryError(
      'topics.option',
      `SCHEMA_REGISTRY_URL: write a URL, not “${redactUrl(registryUrl)}”.`,
    );
  }
  return { brokers, registryUrl, namespace: value('TRIBUTARY_NAMESPACE', '') };
}

/** Returns the connection file of a running demo; empty if no demo runs. */
function demoConnection(environment: Environment): Environment {
  const cache = environment.TRIBUTARY_CACHE || join(homedir(), '.cache', 'tributary');
  try {
    return JSON.parse(readFileSync(join(cache, 'run', 'demo', 'connection.json'), 'utf8')) as Environment;
  } catch {
    return {};
  }
}
