import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from 'pino';
import type { KafkaSecurity } from '#topics/kafka/security.ts';
import { quietenConnections } from './request-queue.ts';

/**
 * The Kafka client of a stage. kafkajs logs each retry at ERROR; here these lines are WARN, because a retry needs no
 * person.
 */
export function createKafka(options: {
  brokers: readonly string[];
  clientId: string;
  log: Logger;
  /** Default: neither TLS nor credentials. */
  security?: KafkaSecurity;
}): Kafka {
  quietenConnections();
  const log = options.log.child({ part: 'kafka' });
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ...options.security,
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 30 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, timestamp: _timestamp, logger: _logger, ...rest } = entry.log;
      const level = entry.level === logLevel.ERROR || entry.level === logLevel.WARN ? 'warn' : 'debug';
      log[level]({ namespace: entry.namespace, ...rest }, message);
    },
  });
}
