/** Replicas by the lag and the freshness of the log, and by CPU where work comes over HTTP. */
import { qualifiedTopic, type TopicName } from '#topics/catalog.ts';
import { NAMESPACE } from '../base.ts';
import { type Manifest, Only, Value } from '../manifest.ts';
import { labels } from '../parts.ts';
import { KAFKA_CLUSTER, STRIMZI } from '../stage.ts';
import { userPartitions } from '../user-partitions.ts';
import { TOPIC_NAMESPACE, workload } from '../workloads.ts';
import type { Component } from './component.ts';
import { KAFKA_PORT } from './kafka.ts';

/** Messages behind the end that one replica may have. */
const LAG_THRESHOLD = '1000';
/** Seconds within which slates reflect an action, at the 99th percentile, before a stage of the path grows. */
const FRESHNESS_SECONDS = '0.5';

const FRESHNESS_QUERY =
  'histogram_quantile(0.99, sum by (le) (rate(tributary_rerank_freshness_seconds_bucket[2m])))';

/** A rebalance costs a moment, so replicas leave one at a time. */
const SLOWLY: Manifest = {
  stabilizationWindowSeconds: 300,
  policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
};

export const AUTOSCALING: Component = {
  name: 'autoscaling',
  about:
    'Autoscaling: KEDA by lag and freshness for the stages of the log, a HorizontalPodAutoscaler by CPU for those of HTTP.',
  files: {
    'by-lag': [...(['interests', 'propose', 'feedback'] as const).flatMap((name) => byLag(name, name))],
    'by-cpu': [byCpu('gateway'), byCpu('rerank')],
  },
};

function byLag(name: 'interests' | 'propose' | 'feedback', group: string): Manifest[] {
  const row = workload(name);
  const topic = row.groups[group]!;
  const hurries = name !== 'feedback';
  const scaledObject: Manifest = {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name, labels: labels(name) },
    spec: {
      scaleTargetRef: { name },
      pollingInterval: 15,
      cooldownPeriod: 300,
      '#minReplicaCount': 'Never zero: a broker that is away for a moment must not stop the stage.',
      minReplicaCount: new Value(`${name}.minReplicas`, 2),
      '#maxReplicaCount':
        'A replica without a partition would be idle, so there are at most as many as partitions.',
      maxReplicaCount: userPartitions(),
      '#fallback': 'While Kafka or Prometheus does not answer, the replicas stay.',
      fallback: {
        failureThreshold: 3,
        replicas: new Value(`${name}.minReplicas`, 2),
        behavior: 'currentReplicasIfHigher',
      },
      advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: SLOWLY } } },
      triggers: [kafkaTrigger(name, group, topic), ...(hurries ? [freshnessTrigger()] : [])],
    },
  };
  return [authentication(name), scaledObject];
}

/** Where Kafka has users, the autoscaler logs in as the stage. */
function authentication(name: string): Manifest {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { name, labels: labels(name) },
    spec: {
      env: [{ parameter: 'username', name: 'KAFKA_USERNAME', containerName: 'stage' }],
      secretTargetRef: [
        { parameter: 'password', name: `kafka-${name}`, key: 'password' },
        { parameter: 'ca', name: `${KAFKA_CLUSTER}-cluster-ca-cert`, key: 'ca.crt' },
      ],
    },
  };
}

function kafkaTrigger(name: string, group: string, topic: TopicName): Manifest {
  return {
    name: 'lag',
    type: 'kafka',
    metadata: {
      '#bootstrapServers': 'With the namespace, because KEDA asks from its own.',
      bootstrapServers: new Value('autoscaling.brokers', `kafka.${NAMESPACE}.svc:${KAFKA_PORT}`),
      consumerGroup: `${TOPIC_NAMESPACE}.${group}`,
      topic: qualifiedTopic(TOPIC_NAMESPACE, topic),
      lagThreshold: LAG_THRESHOLD,
      allowIdleConsumers: 'false',
      '#offsetResetPolicy': 'A partition without a commit counts as one message, not as its whole length.',
      offsetResetPolicy: 'latest',
      scaleToZeroOnInvalidOffset: 'false',
      '#excludePersistentLag': 'A partition that does not move is not helped by more replicas.',
      excludePersistentLag: 'true',
      tls: new Only(STRIMZI, 'enable'),
      sasl: new Only(STRIMZI, 'scram_sha512'),
    },
    authenticationRef: new Only(STRIMZI, { name }),
  };
}

function freshnessTrigger(): Manifest {
  return {
    name: 'freshness',
    type: 'prometheus',
    '#metricType': 'Replicas grow with the ratio of the freshness to its target.',
    metricType: 'Value',
    metadata: {
      serverAddress: new Value('autoscaling.prometheus', 'http://prometheus-operated.monitoring:9090'),
      query: FRESHNESS_QUERY,
      threshold: FRESHNESS_SECONDS,
      '#ignoreNullValues': 'Without an action there is no freshness, and nothing to scale for.',
      ignoreNullValues: 'true',
    },
  };
}

function byCpu(name: 'gateway' | 'rerank'): Manifest {
  const sharesPartitions = Object.keys(workload(name).groups).length > 0;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, labels: labels(name) },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: new Value(`${name}.minReplicas`, 2),
      maxReplicas: sharesPartitions ? userPartitions() : new Value(`${name}.maxReplicas`, 20),
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ],
      behavior: { scaleDown: SLOWLY },
    },
  };
}
