/** Apicurio's Schema Registry, which keeps its schemas in Kafka. */
import { type Manifest, Only, Value } from '../manifest.ts';
import {
  CONTAINER_SECURITY,
  disruptionBudget,
  labels,
  podSecurity,
  resources,
  selector,
  service,
  serviceAccount,
  spread,
  TERMINATION_MESSAGE,
} from '../parts.ts';
import { KAFKA_CLUSTER, STRIMZI } from '../stage.ts';
import type { Component } from './component.ts';

const NAME = 'registry';
export const REGISTRY_PORT = 8_080;
/** Where Quarkus answers probes, apart from the API. */
const MANAGEMENT_PORT = 9_000;

/** The credentials of the registry as a user of Strimzi's Kafka; the text of its login comes from a Secret. */
const STRIMZI_CONFIGURATION = `apicurio.kafka.common.security.protocol=SASL_SSL
apicurio.kafka.common.sasl.mechanism=SCRAM-SHA-512
apicurio.kafka.common.sasl.jaas.config=\${REGISTRY_LOGIN}
apicurio.kafka.common.ssl.truststore.type=PEM
apicurio.kafka.common.ssl.truststore.location=/etc/registry/kafka-ca/ca.crt
`;

export const REGISTRY: Component = {
  name: NAME,
  about: 'A Schema Registry (Apicurio) that keeps its schemas in Kafka, so that it needs no volume.',
  files: { registry: registryManifests() },
  settings: { SCHEMA_REGISTRY_URL: `http://${NAME}:${REGISTRY_PORT}/apis/ccompat/v7` },
};

function registryManifests(): Manifest[] {
  return [
    serviceAccount(NAME, 'schemas'),
    service({ name: NAME, component: 'schemas', ports: { http: REGISTRY_PORT } }),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, labels: labels(NAME, 'schemas') },
      data: { 'strimzi.properties': STRIMZI_CONFIGURATION },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: NAME, labels: labels(NAME, 'schemas') },
      spec: {
        replicas: new Value('registry.replicas', 2),
        selector: { matchLabels: selector(NAME) },
        template: {
          metadata: { labels: labels(NAME, 'schemas') },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 30,
            securityContext: podSecurity(),
            topologySpreadConstraints: spread(NAME),
            containers: [container()],
            volumes: [
              { name: 'configuration', configMap: { name: NAME } },
              new Only(STRIMZI, {
                name: 'kafka-ca',
                secret: { secretName: `${KAFKA_CLUSTER}-cluster-ca-cert`, defaultMode: 288 },
              }),
              { name: 'tmp', emptyDir: { sizeLimit: '128Mi' } },
            ],
          },
        },
      },
    },
    disruptionBudget(NAME, 'schemas'),
  ];
}

function container(): Manifest {
  return {
    name: NAME,
    image: new Value('images.registry', 'apicurio/apicurio-registry:3.3.3'),
    imagePullPolicy: 'IfNotPresent',
    env: [
      { name: 'APICURIO_STORAGE_KIND', value: 'kafkasql' },
      { name: 'APICURIO_KAFKASQL_BOOTSTRAP_SERVERS', value: new Value('registry.brokers', 'kafka:9092') },
      { name: 'JAVA_MAX_MEM_RATIO', value: '60' },
      new Only(STRIMZI, {
        name: 'QUARKUS_CONFIG_LOCATIONS',
        value: '/etc/registry/strimzi.properties',
      }),
      new Only(STRIMZI, {
        name: 'REGISTRY_LOGIN',
        valueFrom: { secretKeyRef: { name: 'kafka-registry', key: 'sasl.jaas.config' } },
      }),
    ],
    ports: [
      { name: 'http', containerPort: REGISTRY_PORT },
      { name: 'management', containerPort: MANAGEMENT_PORT },
    ],
    '#startupProbe':
      'A registry that finds no Kafka within a minute of its start gives up without ending, so it is started again.',
    startupProbe: {
      httpGet: { path: '/health/live', port: 'management' },
      periodSeconds: 2,
      timeoutSeconds: 2,
      failureThreshold: 60,
    },
    livenessProbe: {
      httpGet: { path: '/health/live', port: 'management' },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    readinessProbe: {
      httpGet: { path: '/health/ready', port: 'management' },
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
    resources: resources(NAME, ['200m', '1'], ['512Mi', '768Mi']),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: TERMINATION_MESSAGE,
    volumeMounts: [
      {
        name: 'configuration',
        mountPath: '/etc/registry/strimzi.properties',
        subPath: 'strimzi.properties',
        readOnly: true,
      },
      new Only(STRIMZI, { name: 'kafka-ca', mountPath: '/etc/registry/kafka-ca', readOnly: true }),
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}
