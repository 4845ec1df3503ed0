import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { readConfig } from '#platform/config.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl } from '#stages/stages.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { SETTINGS as INTERESTS_SETTINGS } from '../../../services/interests/config.ts';
import { startStages } from '../../local/stages.ts';
import { checkAcknowledged } from '../checkers/acknowledged.ts';
import { checkWindows, foldActions } from '../checkers/windows.ts';
import { waitForNoLag } from '../no-lag.ts';
import { readLog } from '../read-log.ts';
import { readInterestsRecords } from '../read-stores.ts';
import type { FaultServers } from '../servers.ts';
import { type BareResult, startBareProducer } from './bare-producer.ts';
import { startGatewayLoad } from './gateway-load.ts';

export interface BrokerOptions {
  /** Least number of actions that the gateway acknowledges. */
  readonly actions: number;
  /** Number of brokers killed, one after the other. */
  readonly kills: number;
  /** Whether a producer of kafkajs alone writes beside the gateway. Default true. */
  readonly isCompared?: boolean;
}

export interface BrokerResult {
  readonly acknowledged: number;
  readonly missing: number;
  readonly resent: number;
  readonly kills: number;
  readonly bare: BareResult;
  /** Stages that exited. */
  readonly stopped: number;
  /** Users whose window in Redis is not the fold of the log. */
  readonly windowDifferences: number;
  /** The first sentences about what is missing or differs. */
  readonly faults: readonly string[];
}

const STAGES = ['gateway', 'interests', 'feedback'];
/** Time between the death of a broker and its next start: the leaders of its partitions have moved by then. */
const DOWN_MS = 4_000;
const LONG_MS = 120_000;
const FAULTS_SHOWN = 5;

/**
 * Kills brokers of a cluster under load, starts each again, and looks up every acknowledged action in the log. A bare
 * kafkajs producer writes to a topic of its own meanwhile.
 */
export async function runBrokerLoss(servers: FaultServers, options: BrokerOptions): Promise<BrokerResult> {
  Object.assign(process.env, servers.env);
  const brokers = servers.env.KAFKA_BROKERS.split(',');
  const namespace = await openTestNamespace();
  await namespace.apply();
  let stopped = 0;
  const { runDirectory } = servers;
  const env = { ...servers.env, TRIBUTARY_NAMESPACE: namespace.namespace, TRIBUTARY_LOG_LEVEL: 'warn' };
  const onExit = (): void => void stopped++;
  const stages = await startStages({ names: STAGES, env, runDirectory, onExit });
  try {
    const bare = (options.isCompared ?? true) ? await startBareProducer(brokers) : undefined;
    const load = startGatewayLoad(localUrl(stages.ports.gateway!));
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 10 } });
    for (let kill = 0; kill < options.kills; kill++) {
      await delay(1_000);
      await killAndRestart(servers, kill % brokers.length);
      await wholeAgain(kafka, brokers.length);
    }
    await waitFor(() => load.acknowledged.length >= options.actions, {
      message: `${options.actions} acknowledged actions`,
      timeoutMs: LONG_MS * 5,
    });
    await load.stop();
    const log = await readLog(namespace, 'actions');
    const faults = checkAcknowledged(load.acknowledged, log);
    const windowFaults = await compareWindows(namespace, servers.env.REDIS_URL);
    return {
      acknowledged: load.acknowledged.length,
      missing: faults.length,
      resent: load.resent,
      kills: options.kills,
      bare: (await bare?.finish()) ?? { acknowledged: 0, missing: 0 },
      stopped,
      windowDifferences: windowFaults.length,
      faults: [...faults, ...windowFaults].slice(0, FAULTS_SHOWN),
    };
  } finally {
    await stages.stop();
    // The brokers end with the run. An error here would hide the one that ended it.
    await namespace.close().catch(() => undefined);
  }
}

/**
 * Waits until interests has read all, and compares its windows with those of the log. Requests that a client gave up may still reach
 * the log, so that windows are compared with a log that did not grow meanwhile.
 */
async function compareWindows(namespace: TestNamespace, redisUrl: string): Promise<string[]> {
  const config = readConfig(INTERESTS_SETTINGS, {});
  const redis = new Redis(redisUrl);
  try {
    for (;;) {
      const behind = await waitForNoLag(namespace, LONG_MS);
      const log = await readLog(namespace, 'actions');
      const expected = await foldActions(log, { config, space: undefined, now: Date.now() });
      const held = await readInterestsRecords(redis, namespace.namespace);
      const { length } = await readLog(namespace, 'actions');
      if (length === log.length) return [...behind, ...checkWindows(held, expected)];
    }
  } finally {
    redis.disconnect();
  }
}

async function killAndRestart({ kafka }: FaultServers, node: number): Promise<void> {
  const broker = kafka.process(node)!;
  broker.kill('SIGKILL');
  await broker.exited;
  await delay(DOWN_MS);
  await kafka.restart(node);
}

/** Resolves when every replica of every partition is in sync: a second death may follow then. */
async function wholeAgain(kafka: Kafka, nodes: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await waitFor(
      async () => {
        const { topics } = await admin.fetchTopicMetadata().catch(() => ({ topics: [] }));
        const partitions = topics.flatMap((topic) => topic.partitions);
        return (
          partitions.length > 0 && partitions.every(({ isr, leader }) => isr.length === nodes && leader >= 0)
        );
      },
      { message: 'all replicas in sync', timeoutMs: LONG_MS },
    );
  } finally {
    await admin.disconnect();
  }
}
