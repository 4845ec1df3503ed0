/** The installations that are ready to apply. */
import { NAMESPACE } from './base.ts';
import { AUTOSCALING } from './components/autoscaling.ts';
import type { Component } from './components/component.ts';
import { HISTORY } from './components/history.ts';
import { INFERENCE_WORKERS } from './components/inference-workers.ts';
import { INGRESS } from './components/ingress.ts';
import { KAFKA } from './components/kafka.ts';
import { KAFKA_STRIMZI, STRIMZI_PORT } from './components/kafka-strimzi.ts';
import { MONITORING } from './components/monitoring.ts';
import { EXTERNAL_SERVERS, NETWORK_POLICIES } from './components/network-policies.ts';
import { REDIS, REDIS_PORT } from './components/redis.ts';
import { REGISTRY } from './components/registry.ts';
import type { Overrides, Scalar } from './manifest.ts';
import { SECRETS_PATH } from './parts.ts';
import { KAFKA_CLUSTER } from './stage.ts';

export const COMPONENTS: readonly Component[] = [
  KAFKA,
  KAFKA_STRIMZI,
  REDIS,
  REGISTRY,
  NETWORK_POLICIES,
  EXTERNAL_SERVERS,
  INGRESS,
  MONITORING,
  AUTOSCALING,
  INFERENCE_WORKERS,
  HISTORY,
];

export interface Overlay {
  readonly name: string;
  readonly about: string;
  readonly components: readonly Component[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly overrides?: Overrides;
}

export const OVERLAYS: readonly Overlay[] = [
  {
    name: 'local',
    about:
      'Everything in one namespace, one pod each: for a laptop or a test, within 2 cores and 6 GiB. Nothing survives the loss of the node.',
    components: [KAFKA, REDIS, REGISTRY, NETWORK_POLICIES, INGRESS],
    settings: {
      REDIS_URL: `redis://redis:${REDIS_PORT}`,
      // Enough of a training to see, on two cores.
      TRIBUTARY_RETRAIN_ITEMS_MAXIMUM: '20000',
      TRIBUTARY_HOT_USERS_MIB: '32',
    },
    overrides: {
      ...sizes('gateway', 1, ['50m', '1'], ['128Mi', '384Mi']),
      ...sizes('interests', 1, ['100m', '1'], ['160Mi', '576Mi']),
      ...sizes('index', 1, ['50m', '1'], ['160Mi', '576Mi']),
      ...sizes('propose', 1, ['100m', '1'], ['192Mi', '576Mi']),
      ...sizes('rerank', 1, ['100m', '1'], ['160Mi', '512Mi']),
      ...sizes('feedback', 1, ['50m', '1'], ['128Mi', '384Mi']),
      ...sizes('retrain', 1, ['50m', '2'], ['256Mi', '1536Mi']),
      ...sizes('kafka', 1, ['200m', '1'], ['640Mi', '832Mi']),
      'kafka.nodes': '1',
      'kafka.heap': '-Xms384m -Xmx384m',
      'kafka.storage': '5Gi',
      'topics.replicationFactor': '1',
      ...sizes('redis', undefined, ['50m', '1'], ['64Mi', '128Mi']),
      'redis.storage': '1Gi',
      ...sizes('registry', 1, ['50m', '1'], ['384Mi', '640Mi']),
    },
  },
  {
    name: 'production',
    about:
      'Everything in one namespace, with the operators of Strimzi, KEDA and Prometheus: replicated, with users and TLS towards Kafka, scaled by lag.',
    components: [KAFKA_STRIMZI, REDIS, REGISTRY, NETWORK_POLICIES, INGRESS, MONITORING, AUTOSCALING],
    settings: { REDIS_URL_FILE: `${SECRETS_PATH}/redis-url` },
    overrides: {
      'registry.brokers': `${KAFKA_CLUSTER}-kafka-bootstrap:${STRIMZI_PORT}`,
      'autoscaling.brokers': `${KAFKA_CLUSTER}-kafka-bootstrap.${NAMESPACE}.svc:${STRIMZI_PORT}`,
    },
  },
  {
    name: 'production-external',
    about:
      'The stages alone, for a Kafka, a Schema Registry and a Redis that you have: their addresses and passwords come from the Secret tributary.',
    components: [EXTERNAL_SERVERS, NETWORK_POLICIES, INGRESS, MONITORING],
    settings: {
      KAFKA_BROKERS: 'kafka-0.example.com:9096,kafka-1.example.com:9096,kafka-2.example.com:9096',
      KAFKA_TLS: 'true',
      KAFKA_USERNAME: 'tributary',
      KAFKA_PASSWORD_FILE: `${SECRETS_PATH}/kafka-password`,
      SCHEMA_REGISTRY_URL_FILE: `${SECRETS_PATH}/schema-registry-url`,
      REDIS_URL_FILE: `${SECRETS_PATH}/redis-url`,
    },
  },
];

function sizes(
  name: string,
  replicas: number | undefined,
  cpu: readonly [string, string],
  memory: readonly [string, string],
): Overrides {
  const overrides: Record<string, Scalar> = {};
  if (replicas !== undefined) overrides[`${name}.replicas`] = replicas;
  for (const [at, kind] of ['requests', 'limits'].entries()) {
    overrides[`${name}.resources.${kind}.cpu`] = cpu[at]!;
    overrides[`${name}.resources.${kind}.memory`] = memory[at]!;
  }
  return overrides;
}
