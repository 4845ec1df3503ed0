import { type ConfigOf, number, readConfig } from '#platform/config.ts';
import type { LogAddress } from './inference-log.ts';

export const SETTINGS = {
  idleMs: number('TRIBUTARY_INFERENCE_IDLE_MS', {
    fallback: 600_000,
    minimum: 1_000,
    maximum: 2 ** 31 - 1,
    integer: true,
    unit: 'ms',
    summary: 'time without a message after which a worker that runs elsewhere ends',
  }),
} as const;

export function readWorkerConfig(): ConfigOf<typeof SETTINGS> {
  return readConfig(SETTINGS, process.env);
}

/** The environment of a worker process beside this one: the same log, and a port of its own. */
export function workerEnvironment(
  { brokers, registryUrl, namespace }: LogAddress,
  logLevel: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KAFKA_BROKERS: brokers.join(','),
    SCHEMA_REGISTRY_URL: registryUrl,
    // The address above came from that file, and naming both is a fault.
    SCHEMA_REGISTRY_URL_FILE: '',
    TRIBUTARY_NAMESPACE: namespace,
    TRIBUTARY_LOG_LEVEL: logLevel,
    TRIBUTARY_STAGE_PORT: '0',
  };
}

/** TensorFlow reads this variable while it loads; from level 2 on it logs only errors. */
export function quietTensorFlow(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
}
