/** Three Kafka nodes in KRaft mode, without an operator. */
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
  spread,
  TERMINATION_MESSAGE,
} from '../parts.ts';
import type { Component } from './component.ts';

const NAME = 'kafka';
const DATA = '/var/lib/kafka';
export const KAFKA_PORT = 9_092;
/**
 * Port of the first node for `kubectl port-forward`, and of the next node one more. The listener has no other address than the
 * loopback of its pod, and names that of the machine to which it is forwarded. It is not the port of the Kafka of `npm run demo`.
 */
export const FORWARDED_PORT = 29_092;

/** Writes the configuration of the node of this pod, formats an empty volume, and starts the node. */
const START = `set -eu
node=\${HOSTNAME##*-}
voters=0@kafka-0.kafka-pods:9093
for other in $(seq 1 $((NODES - 1))); do voters=$voters,$other@kafka-$other.kafka-pods:9093; done
# kubectl port-forward makes 127.0.0.1 of this pod 127.0.0.1 of another machine.
forwarded=$((${FORWARDED_PORT} + node))
in_sync=$((NODES > 1 ? NODES - 1 : 1))
cat > /tmp/server.properties <<PROPERTIES
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$voters
listeners=PLAINTEXT://:${KAFKA_PORT},CONTROLLER://:9093,FORWARDED://127.0.0.1:$forwarded
advertised.listeners=PLAINTEXT://kafka-$node.kafka-pods.$NAMESPACE.svc:${KAFKA_PORT},FORWARDED://127.0.0.1:$forwarded
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,FORWARDED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=${DATA}/log
auto.create.topics.enable=false
default.replication.factor=$NODES
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$NODES
transaction.state.log.replication.factor=$NODES
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$NODES
share.coordinator.state.topic.min.isr=$in_sync
unclean.leader.election.enable=false
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=33554432
PROPERTIES
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$CLUSTER_ID" --config /tmp/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
`;

export const KAFKA: Component = {
  name: NAME,
  about: 'Three Kafka nodes in KRaft mode, each broker and controller, without an operator, TLS or users.',
  files: { kafka: kafkaManifests() },
  settings: { KAFKA_BROKERS: `${NAME}:${KAFKA_PORT}` },
};

function kafkaManifests(): Manifest[] {
  return [
    serviceAccount(NAME, 'log'),
    service({ name: NAME, component: 'log', ports: { kafka: KAFKA_PORT } }),
    service({
      name: `${NAME}-pods`,
      pods: NAME,
      component: 'log',
      ports: { kafka: KAFKA_PORT, controller: 9_093 },
      headless: true,
      early: true,
    }),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, labels: labels(NAME, 'log') },
      data: { 'start.sh': START },
    },
    statefulSet(),
    disruptionBudget(NAME, 'log'),
  ];
}

function statefulSet(): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: NAME, labels: labels(NAME, 'log') },
    spec: {
      serviceName: `${NAME}-pods`,
      replicas: new Value('kafka.replicas', 3),
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: selector(NAME) },
      template: {
        metadata: { labels: labels(NAME, 'log') },
        spec: {
          serviceAccountName: NAME,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          '#terminationGracePeriodSeconds': 'A node hands its partitions over and flushes before it ends.',
          terminationGracePeriodSeconds: 120,
          securityContext: podSecurity(),
          topologySpreadConstraints: spread(NAME),
          containers: [container()],
          volumes: [
            { name: 'start', configMap: { name: NAME } },
            { name: 'tmp', emptyDir: { sizeLimit: '128Mi' } },
          ],
        },
      },
      volumeClaimTemplates: [volumeClaim('data', 'kafka.storage', '20Gi')],
    },
  };
}

function container(): Manifest {
  return {
    name: NAME,
    image: new Value('images.kafka', 'apache/kafka:4.1.1'),
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/bash', '/etc/kafka-start/start.sh'],
    env: [
      {
        '#': 'Number of nodes; the same as replicas.',
        name: 'NODES',
        value: new Value('kafka.nodes', '3'),
      },
      {
        '#': 'The addresses of the nodes hold it, because autoscalers ask from a namespace of their own.',
        name: 'NAMESPACE',
        valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
      },
      { name: 'CLUSTER_ID', value: 'VHJpYnV0YXJ5LWt1YmVzdA' },
      { name: 'KAFKA_HEAP_OPTS', value: new Value('kafka.heap', '-Xms1g -Xmx1g') },
      { name: 'LOG_DIR', value: '/tmp' },
    ],
    ports: [
      { name: 'kafka', containerPort: KAFKA_PORT },
      { name: 'controller', containerPort: 9_093 },
    ],
    startupProbe: { tcpSocket: { port: 'kafka' }, periodSeconds: 2, failureThreshold: 150 },
    '#livenessProbe': 'A node that recovers a large log is slow, not dead.',
    livenessProbe: {
      tcpSocket: { port: 'controller' },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    readinessProbe: { tcpSocket: { port: 'kafka' }, periodSeconds: 5, timeoutSeconds: 2 },
    resources: resources(NAME, ['500m', '2'], ['1536Mi', '2Gi']),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: TERMINATION_MESSAGE,
    volumeMounts: [
      { name: 'data', mountPath: DATA },
      { name: 'start', mountPath: '/etc/kafka-start', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

export function volumeClaim(name: string, path: string, size: string): Manifest {
  return {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: new Value(path, size) } } },
  };
}
