/** A Job that loads actions and items of the past through the gateway. */
import { type Manifest, Value } from '../manifest.ts';
import {
  CONTAINER_SECURITY,
  labels,
  PART_OF,
  podSecurity,
  resources,
  selector,
  serviceAccount,
  TERMINATION_MESSAGE,
} from '../parts.ts';
import { imageOf } from '../stage.ts';
import { portOf } from '../workloads.ts';
import type { Component } from './component.ts';

const NAME = 'history';
const FOLDER = '/history';
const ports: Manifest[] = [{ protocol: 'TCP', port: portOf('gateway') }];

export const HISTORY: Component = {
  name: NAME,
  about:
    'A Job that loads a history from the files actions.csv.gz and items.csv.gz of the ConfigMap history, and waits for it. Loading it again counts each action once.',
  files: { history: [serviceAccount(NAME, 'job'), job(), ownPolicy(), gatewayPolicy()] },
};

function job(): Manifest {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: NAME, labels: labels(NAME, 'job') },
    spec: {
      '#backoffLimit': 'The gateway may still be starting. A container that starts again resumes the load.',
      backoffLimit: 30,
      ttlSecondsAfterFinished: 3_600,
      template: {
        metadata: { labels: labels(NAME, 'job') },
        spec: {
          serviceAccountName: NAME,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          restartPolicy: 'OnFailure',
          securityContext: podSecurity(),
          containers: [container()],
          volumes: [
            {
              '#configMap':
                'A ConfigMap holds up to 1 MiB, some 100,000 actions. Put a volume of yours in its place for more.',
              name: NAME,
              configMap: { name: NAME },
            },
            { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
          ],
        },
      },
    },
  };
}

function container(): Manifest {
  const files = ['--actions', `${FOLDER}/actions.csv.gz`, '--items', `${FOLDER}/items.csv.gz`];
  return {
    name: NAME,
    image: imageOf('tributary'),
    imagePullPolicy: 'IfNotPresent',
    args: [
      'load',
      ...files,
      ...[
        '--shift',
        '--json',
        '--gateway',
        new Value('history.gateway', `http://gateway:${portOf('gateway')}`),
      ],
    ],
    resources: resources(NAME, ['50m', '1'], ['128Mi', '384Mi']),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: TERMINATION_MESSAGE,
    volumeMounts: [
      { name: NAME, mountPath: FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function ownPolicy(): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: NAME, labels: PART_OF },
    spec: {
      podSelector: { matchLabels: selector(NAME) },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: selector('gateway') } }], ports }],
    },
  };
}

function gatewayPolicy(): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `gateway-from-${NAME}`, labels: PART_OF },
    spec: {
      podSelector: { matchLabels: selector('gateway') },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: selector(NAME) } }], ports }],
    },
  };
}
