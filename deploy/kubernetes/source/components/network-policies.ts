/** Nothing reaches anything but what each workload needs. */
import { type Manifest, type Node, Value } from '../manifest.ts';
import { PART_OF, selector } from '../parts.ts';
import { KAFKA_CLUSTER } from '../stage.ts';
import { TOPICS_JOB } from '../topics-job.ts';
import { portOf, WORKLOADS, type Workload } from '../workloads.ts';
import type { Component } from './component.ts';
import { INFERENCE_WORKERS_NAME } from './inference-workers.ts';
import { KAFKA_PORT } from './kafka.ts';
import { STRIMZI_PORT } from './kafka-strimzi.ts';
import { REDIS_PORT } from './redis.ts';
import { REGISTRY_PORT } from './registry.ts';

/** OTLP over HTTP, in the namespace of the monitoring. */
const COLLECTOR_PORT = 4_318;

const CLUSTER = { 'strimzi.io/cluster': KAFKA_CLUSTER };
const tcp = (...ports: number[]): Node => ports.map((port) => ({ protocol: 'TCP', port }));
const pods = (...names: string[]): Manifest[] =>
  names.map((name) => ({ podSelector: { matchLabels: selector(name) } }));
const namespace = (path: string, fallback: string): Manifest => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': new Value(path, fallback) } },
});
const monitoring = namespace('namespaces.monitoring', 'monitoring');
const ingress = namespace('namespaces.ingress', 'ingress-nginx');

export const NETWORK_POLICIES: Component = {
  name: 'network-policies',
  about:
    'Network policies: all traffic is denied in both directions, then each workload is allowed what it needs.',
  files: {
    'default-deny': [
      policy('default-deny', {}, { '#': 'Nothing is allowed unless one of the other policies allows it.' }),
      policy(
        'dns',
        {},
        {
          egress: [
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
                  podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
                },
              ],
              ports: [
                { protocol: 'UDP', port: 53 },
                { protocol: 'TCP', port: 53 },
              ],
            },
          ],
        },
      ),
    ],
    stages: WORKLOADS.map(stagePolicy),
    jobs: [jobPolicy(TOPICS_JOB), jobPolicy(INFERENCE_WORKERS_NAME)],
    servers: [kafkaPolicy(), strimziPolicy(), registryPolicy(), redisPolicy()],
  },
};

function policy(name: string, matchLabels: Manifest, rules: Manifest): Manifest {
  const { '#': about, ...allowed } = rules;
  // The API server leaves out an empty list, so that a manifest with one would differ from what it holds at each apply.
  const named = Object.entries(allowed).filter(([, list]) => !Array.isArray(list) || list.length > 0);
  const isDefault = Object.keys(allowed).length === 0;
  return {
    ...(about === undefined ? {} : { '#': about }),
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, labels: PART_OF },
    spec: {
      podSelector: Object.keys(matchLabels).length === 0 ? {} : { matchLabels },
      policyTypes: isDefault
        ? ['Ingress', 'Egress']
        : [...('ingress' in allowed ? ['Ingress'] : []), ...('egress' in allowed ? ['Egress'] : [])],
      ...Object.fromEntries(named),
    },
  };
}

/** Every stage reads the log and its schemas. */
function toServers(usesRedis: boolean): Manifest[] {
  return [
    { to: pods('kafka'), ports: tcp(KAFKA_PORT) },
    { to: [{ podSelector: { matchLabels: CLUSTER } }], ports: tcp(STRIMZI_PORT) },
    { to: pods('registry'), ports: tcp(REGISTRY_PORT) },
    ...(usesRedis ? [{ to: pods('redis'), ports: tcp(REDIS_PORT) }] : []),
  ];
}

function stagePolicy({ name, peers, usesRedis }: Workload): Manifest {
  const callers = WORKLOADS.filter((other) => other.peers.includes(name)).map((other) => other.name);
  const from = [...pods(...callers), monitoring, ...(name === 'gateway' ? [ingress] : [])];
  return policy(name, selector(name), {
    ingress: [{ from, ports: tcp(portOf(name)) }],
    egress: [
      ...toServers(usesRedis),
      ...peers.map((peer) => ({ to: pods(peer), ports: tcp(portOf(peer)) })),
      { to: [monitoring], ports: tcp(COLLECTOR_PORT) },
    ],
  });
}

function jobPolicy(name: string): Manifest {
  return policy(name, selector(name), { egress: toServers(false) });
}

function everyProcess(): string[] {
  return [...WORKLOADS.map(({ name }) => name), TOPICS_JOB, INFERENCE_WORKERS_NAME];
}

function clients(): Manifest {
  const values = [...everyProcess(), 'registry'];
  return { podSelector: { matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values }] } };
}

function kafkaPolicy(): Manifest {
  return policy('kafka', selector('kafka'), {
    ingress: [
      { from: [clients(), namespace('namespaces.autoscaler', 'keda')], ports: tcp(KAFKA_PORT) },
      { from: pods('kafka'), ports: tcp(KAFKA_PORT, 9_093) },
    ],
    egress: [{ to: pods('kafka'), ports: tcp(KAFKA_PORT, 9_093) }],
  });
}

function strimziPolicy(): Manifest {
  const own = { podSelector: { matchLabels: CLUSTER } };
  return policy('kafka-strimzi', CLUSTER, {
    '#': "Strimzi's operator adds the policies by which its own pods reach each other and the operator reaches them.",
    ingress: [
      { from: [clients(), own, namespace('namespaces.autoscaler', 'keda')], ports: tcp(STRIMZI_PORT) },
      { from: [own] },
    ],
    egress: [
      { to: [own] },
      {
        '#': "Its topic and user operators read and write custom resources by the cluster's API server.",
        ports: tcp(443, 6_443),
      },
    ],
  });
}

function registryPolicy(): Manifest {
  const from = [
    {
      podSelector: {
        matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values: everyProcess() }],
      },
    },
  ];
  return policy('registry', selector('registry'), {
    ingress: [{ from, ports: tcp(REGISTRY_PORT) }],
    egress: [
      { to: pods('kafka'), ports: tcp(KAFKA_PORT) },
      { to: [{ podSelector: { matchLabels: CLUSTER } }], ports: tcp(STRIMZI_PORT) },
    ],
  });
}

function redisPolicy(): Manifest {
  const users = WORKLOADS.filter(({ usesRedis }) => usesRedis).map(({ name }) => name);
  return policy('redis', selector('redis'), {
    '#': 'Redis queries nothing.',
    ingress: [{ from: pods(...users), ports: tcp(REDIS_PORT) }],
    egress: [],
  });
}

export const EXTERNAL_SERVERS: Component = {
  name: 'external-servers',
  about:
    'Lets the stages reach a Kafka, a registry and a Redis outside of the namespace. Narrow the addresses to yours.',
  files: {
    'external-servers': [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'external-servers', labels: PART_OF },
        spec: {
          podSelector: {
            matchExpressions: [
              { key: 'app.kubernetes.io/component', operator: 'In', values: ['stage', 'job'] },
            ],
          },
          policyTypes: ['Egress'],
          egress: [
            {
              '#to': 'Every address but those of the link, where clouds serve credentials of their machines.',
              to: [
                {
                  ipBlock: {
                    cidr: new Value('externalServers.cidr', '0.0.0.0/0'),
                    except: ['169.254.0.0/16'],
                  },
                },
              ],
              '#ports': 'Kafka, Redis, and the registry.',
              ports: tcp(9_092, 9_093, 9_094, 9_096, 6_379, 6_380, 443, 8_081),
            },
          ],
        },
      },
    ],
  },
};
