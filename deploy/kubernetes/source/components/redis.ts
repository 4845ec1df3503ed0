/** One Redis that writes every change to an append-only file. */
import { type Manifest, Value } from '../manifest.ts';
import {
  CONTAINER_SECURITY,
  disruptionBudget,
  labels,
  podSecurity,
  resources,
  selector,
  service,
  serviceAccount,
  TERMINATION_MESSAGE,
} from '../parts.ts';
import type { Component } from './component.ts';
import { volumeClaim } from './kafka.ts';

const NAME = 'redis';
export const REDIS_PORT = 6_379;

/** Command that the container of Redis runs. */
export const REDIS_START = `set -eu
umask 077
cat > /tmp/redis.conf <<CONFIGURATION
port ${REDIS_PORT}
# Without a password Redis refuses every other pod by default; the network policies say which may connect.
protected-mode no
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
CONFIGURATION
if [ -s /etc/redis-secret/redis-password ]; then
  printf 'requirepass "%s"\\n' "$(cat /etc/redis-secret/redis-password)" >> /tmp/redis.conf
fi
exec redis-server /tmp/redis.conf
`;

export const REDIS: Component = {
  name: NAME,
  about:
    'One Redis with an append-only file. What a crash loses of its last second, the stages rebuild from the log.',
  files: { redis: redisManifests() },
};

function redisManifests(): Manifest[] {
  return [
    serviceAccount(NAME, 'state'),
    service({ name: NAME, component: 'state', ports: { redis: REDIS_PORT } }),
    service({
      name: `${NAME}-pods`,
      pods: NAME,
      component: 'state',
      ports: { redis: REDIS_PORT },
      headless: true,
    }),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, labels: labels(NAME, 'state') },
      data: { 'start.sh': REDIS_START },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: NAME, labels: labels(NAME, 'state') },
      spec: {
        serviceName: `${NAME}-pods`,
        replicas: 1,
        selector: { matchLabels: selector(NAME) },
        template: {
          metadata: { labels: labels(NAME, 'state') },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 60,
            securityContext: podSecurity(999),
            containers: [container()],
            volumes: [
              { name: 'start', configMap: { name: NAME } },
              { name: 'tmp', emptyDir: { sizeLimit: '16Mi' } },
              {
                name: 'secret',
                secret: {
                  secretName: 'tributary',
                  optional: true,
                  defaultMode: 288,
                  items: [{ key: 'redis-password', path: 'redis-password' }],
                },
              },
            ],
          },
        },
        volumeClaimTemplates: [volumeClaim('data', 'redis.storage', '10Gi')],
      },
    },
    disruptionBudget(NAME, 'state'),
  ];
}

function container(): Manifest {
  return {
    name: NAME,
    image: new Value('images.redis', 'redis:8.2.3-bookworm'),
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/sh', '/etc/redis-start/start.sh'],
    ports: [{ name: 'redis', containerPort: REDIS_PORT }],
    startupProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 1, failureThreshold: 300 },
    livenessProbe: {
      tcpSocket: { port: 'redis' },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    '#readinessProbe': 'A server that still reads its file answers LOADING; one that wants a password is up.',
    readinessProbe: {
      exec: { command: ['/bin/sh', '-c', "redis-cli ping | grep -qE 'PONG|NOAUTH'"] },
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
    resources: resources(NAME, ['250m', '1'], ['1Gi', '2Gi']),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: TERMINATION_MESSAGE,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'start', mountPath: '/etc/redis-start', readOnly: true },
      { name: 'secret', mountPath: '/etc/redis-secret', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}
