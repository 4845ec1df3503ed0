import type { PlatformConfig } from '#platform/config.ts';
import { createLogger } from '#platform/observability/logger.ts';
import type { InferenceWorkers, RetrainConfig } from '../config.ts';
import type { Inference, InferenceInput } from '../training/infer.ts';
import type { InferenceJob } from './coordinate.ts';
import type { LogAddress } from './inference-log.ts';

/** An inference over the log as a message to the process that coordinates it. */
export interface DistributedInference {
  readonly job: InferenceJob;
  /** How many processes are started, at least one; external: none, they run elsewhere. */
  readonly workers: InferenceWorkers;
  readonly address: LogAddress;
  readonly logLevel: string;
}

/** Undefined where no worker is asked for: the training process then embeds the catalogue in its memory. */
export function distributedInference(
  { brokers, registryUrl, namespace, logLevel }: PlatformConfig,
  { inferenceWorkers, inferencePatienceMs }: Pick<RetrainConfig, 'inferenceWorkers' | 'inferencePatienceMs'>,
  named: { readonly generation: string; readonly itemIds: readonly string[] },
): DistributedInference | undefined {
  if (inferenceWorkers === 0) return undefined;
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
): Promise<Inference> {
  // Loaded late: they bring TensorFlow with them, which a stage must not hold.
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
