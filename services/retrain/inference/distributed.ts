import { kafkaSecurityOf, type PlatformConfig } from '#platform/config.ts';
import { createLogger } from '#platform/observability/logger.ts';
import type { InferenceWorkers, RetrainConfig } from '../config.ts';
import type { Inference, InferenceInput } from '../training/infer.ts';
import type { InferenceJob } from './coordinate.ts';
import type { LogAddress } from './inference-log.ts';

/** The message by which the stage makes the training process coordinate an inference over the log. */
export interface DistributedInference {
  readonly job: InferenceJob;
  /** Number of processes that are started, at least one; external: none, because they run elsewhere. */
  readonly workers: InferenceWorkers;
  readonly address: LogAddress;
  readonly logLevel: string;
}

/** Returns undefined if no worker is configured; the training process then embeds the catalogue in memory. */
export function distributedInference(
  config: PlatformConfig,
  { inferenceWorkers, inferencePatienceMs }: Pick<RetrainConfig, 'inferenceWorkers' | 'inferencePatienceMs'>,
  named: { readonly generation: string; readonly itemIds: readonly string[] },
): DistributedInference | undefined {
  if (inferenceWorkers === 0) return undefined;
  const { brokers, registryUrl, namespace, logLevel } = config;
  return {
    job: { ...named, patienceMs: inferencePatienceMs },
    workers: inferenceWorkers,
    address: { brokers, registryUrl, namespace, security: kafkaSecurityOf(config) },
    logLevel,
  };
}

/** Calls `inferWithWorkers` with its own connections. */
export async function inferDistributed(
  { job, workers, address, logLevel }: DistributedInference,
  input: InferenceInput,
): Promise<Inference> {
  // Loaded late, because they load TensorFlow, which a stage must not hold in memory.
  const [{ openInferenceLog }, { inferWithWorkers }] = await Promise.all([
    import('./inference-log.ts'),
    import('./workers.ts'),
  ]);
  const log = await openInferenceLog(address, createLogger('retrain', logLevel));
  try {
    return await inferWithWorkers(log, workers, job, input);
  } finally {
    await log.close();
  }
}
