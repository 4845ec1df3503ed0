/** The Job that brings topics and schemas to the state of the catalogue, before the stages of a new version start. */
import { type Manifest, Value } from './manifest.ts';
import {
  CONTAINER_SECURITY,
  labels,
  podSecurity,
  resources,
  STARTUP_SECONDS,
  serviceAccount,
  TERMINATION_MESSAGE,
} from './parts.ts';
import {
  imageOf,
  kafkaUserEnvironment,
  kafkaUserMount,
  kafkaUserVolumes,
  SECRET_MOUNT,
  SETTINGS_SOURCE,
  secretVolume,
} from './stage.ts';
import { USER_PARTITIONS_OPTION, userPartitionsText } from './user-partitions.ts';

export const TOPICS_JOB = 'topics';

export function topicsManifests(): Manifest[] {
  return [
    {
      '#': 'topics: creates and alters topics, and registers their schemas. It is safe to repeat. Run it before a roll-out; it is removed ten minutes after its end, so that it can be applied again.',
      ...serviceAccount(TOPICS_JOB, 'job'),
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: TOPICS_JOB, labels: labels(TOPICS_JOB, 'job') },
      spec: {
        '#backoffLimit': 'Kafka and the registry may still be starting.',
        backoffLimit: 20,
        activeDeadlineSeconds: 900,
        ttlSecondsAfterFinished: 600,
        template: {
          metadata: { labels: labels(TOPICS_JOB, 'job') },
          spec: {
            serviceAccountName: TOPICS_JOB,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            restartPolicy: 'OnFailure',
            securityContext: podSecurity(),
            containers: [
              {
                name: 'topics',
                image: imageOf('tributary'),
                imagePullPolicy: 'IfNotPresent',
                args: [
                  ...['topics', 'apply', '--patience', String(STARTUP_SECONDS)],
                  ...['--replication-factor', new Value('topics.replicationFactor', '3')],
                  ...[USER_PARTITIONS_OPTION, userPartitionsText()],
                ],
                envFrom: SETTINGS_SOURCE,
                env: kafkaUserEnvironment(TOPICS_JOB),
                resources: resources(TOPICS_JOB, ['50m', '1'], ['128Mi', '256Mi']),
                securityContext: CONTAINER_SECURITY,
                terminationMessagePolicy: TERMINATION_MESSAGE,
                volumeMounts: [SECRET_MOUNT, kafkaUserMount(), { name: 'tmp', mountPath: '/tmp' }],
              },
            ],
            volumes: [
              ...secretVolume(),
              ...kafkaUserVolumes(TOPICS_JOB),
              { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
            ],
          },
        },
      },
    },
  ];
}
