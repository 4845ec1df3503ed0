/** Workers that embed a generation over the log, for a catalogue that does not fit into the memory of one process. */
import { WORKERS } from '#stages/stages.ts';
import { type Manifest, Value } from '../manifest.ts';
import {
  CONTAINER_SECURITY,
  labels,
  podSecurity,
  resources,
  serviceAccount,
  TERMINATION_MESSAGE,
} from '../parts.ts';
import {
  imageOf,
  kafkaUserEnvironment,
  kafkaUserMount,
  kafkaUserVolumes,
  SECRET_MOUNT,
  SETTINGS_SOURCE,
  secretVolume,
} from '../stage.ts';
import type { Component } from './component.ts';

export const INFERENCE_WORKERS_NAME = 'inference-workers';
/** A worker is of the same party as the stage that coordinates it. */
const USER = 'retrain';
/** Partitions of the topic `inference` bound the useful number of workers. */
const WORKERS_AT_ONCE = 2;

export const INFERENCE_WORKERS: Component = {
  name: INFERENCE_WORKERS_NAME,
  about:
    'Workers of inference: an Indexed Job that waits for a retraining, and starts again after it. For catalogues that do not fit into the memory of retrain.',
  files: {
    'inference-workers': [
      serviceAccount(INFERENCE_WORKERS_NAME, 'job'),
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: INFERENCE_WORKERS_NAME, labels: labels(INFERENCE_WORKERS_NAME, 'job') },
        spec: {
          '#schedule': 'While workers wait or work, no others are started.',
          schedule: '*/5 * * * *',
          concurrencyPolicy: 'Forbid',
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: { spec: job() },
        },
      },
    ],
  },
  settings: {
    TRIBUTARY_INFERENCE_WORKERS: 'external',
    // A generation waits for the next workers rather than being rejected between two Jobs.
    TRIBUTARY_INFERENCE_PATIENCE_MS: '900000',
    TRIBUTARY_INFERENCE_IDLE_MS: '43200000',
  },
};

function job(): Manifest {
  return {
    completionMode: 'Indexed',
    completions: new Value('inferenceWorkers.workers', WORKERS_AT_ONCE),
    parallelism: new Value('inferenceWorkers.workers', WORKERS_AT_ONCE),
    '#backoffLimitPerIndex': 'A worker that ends early leaves its partitions to the others.',
    backoffLimitPerIndex: 3,
    ttlSecondsAfterFinished: 60,
    template: {
      metadata: { labels: labels(INFERENCE_WORKERS_NAME, 'job') },
      spec: {
        serviceAccountName: INFERENCE_WORKERS_NAME,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        restartPolicy: 'Never',
        securityContext: podSecurity(),
        containers: [
          {
            name: 'worker',
            image: imageOf('tributary-training'),
            imagePullPolicy: 'IfNotPresent',
            args: [WORKERS.inference.folder],
            envFrom: SETTINGS_SOURCE,
            env: kafkaUserEnvironment(USER),
            resources: resources('inferenceWorkers', ['250m', '2'], ['768Mi', '2Gi']),
            securityContext: CONTAINER_SECURITY,
            terminationMessagePolicy: TERMINATION_MESSAGE,
            volumeMounts: [SECRET_MOUNT, kafkaUserMount(), { name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [
          ...secretVolume(),
          ...kafkaUserVolumes(USER),
          { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ],
      },
    },
  };
}
