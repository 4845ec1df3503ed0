import type { PlatformConfig } from '#platform/config.ts';
import { createLogger } from '#platform/observability/logger.ts';
import type { InferenceWorkers, RetrainConfig } from '../config.ts';
import type { InferenceInput } from '../training/infer.ts';
import type { InferenceJob } from './coordinate.ts';
import type { LogAddress } from './latent-log.ts';

/** An inference over the log as a message to the process that coordinates it. */
export interface DistributedInference {
  readonly job: InferenceJob;
  readonly workers: InferenceWorkers;
  readonly address: LogAddress;
  readonly logLevel: string;
}

export function distributedInference(
  { brokers, registryUrl, namespace, logLevel }: PlatformConfig,
  { inferenceWorkers, inferencePatienceMs }: Pick<RetrainConfig, 'inferenceWorkers' | 'inferencePatienceMs'>,
  named: { readonly generation: string; readonly itemIds: readonly string[] },
): DistributedInference {
  return {
    job: { ...named, patienceMs: inferencePatienceMs },
    workers: inferenceWorkers,
    address: { brokers, registryUrl, namespace },
    logLevel,
  };
}

/** `inferWithWorkers` by connections of its own. */
export async function inferDistributed(
  { job, workers, address, logLevel }: DistributedInference,
  input: InferenceInput,
): Promise<Float32Array> {
  // Loaded late: they bring TensorFlow with them, which a stage must not hold.
  const [{ openLatentLog }, { inferWithWorkers }] = await Promise.all([
    import('./latent-log.ts'),
    import('./workers.ts'),
  ]);
  const log = await openLatentLog(address, createLogger('retrain', logLevel));
  try {
    return await inferWithWorkers(log, workers, job, input);
  } finally {
    await log.close();
  }
}
