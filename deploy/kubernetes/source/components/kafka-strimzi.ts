/** Kafka as custom resources of the Strimzi operator: the cluster, the topics of the catalogue, and a user for each stage. */
import { COMMON_CONFIGS, qualifiedTopic, TOPICS, type TopicName } from '#topics/catalog.ts';
import { desiredTopics } from '#topics/plan.ts';
import { type Manifest, Value } from '../manifest.ts';
import { PART_OF } from '../parts.ts';
import { KAFKA_CLUSTER, STRIMZI } from '../stage.ts';
import { TOPICS_JOB } from '../topics-job.ts';
import { isKeyedByUser, userPartitions } from '../user-partitions.ts';
import { TOPIC_NAMESPACE, WORKLOADS, type Workload } from '../workloads.ts';
import type { Component } from './component.ts';

const API = 'kafka.strimzi.io/v1';
const REPLICATION = 3;
/** The TLS port on which users log in. */
export const STRIMZI_PORT = 9_093;

const metadata = (name: string): Manifest => ({
  name,
  labels: { 'strimzi.io/cluster': KAFKA_CLUSTER, ...PART_OF },
});

export const KAFKA_STRIMZI: Component = {
  name: STRIMZI,
  about:
    'Kafka by the Strimzi operator (1.0 or newer): three brokers, TLS, and a user for each stage with its own rights.',
  files: {
    kafka: [
      {
        '#': 'Brokers and controllers in one pool; split them into two pools when the brokers are busy.',
        apiVersion: API,
        kind: 'KafkaNodePool',
        metadata: metadata('kafka'),
        spec: {
          replicas: REPLICATION,
          roles: ['controller', 'broker'],
          resources: {
            requests: { cpu: '500m', memory: '2Gi' },
            limits: { cpu: '2', memory: '4Gi' },
          },
          storage: {
            type: 'jbod',
            volumes: [
              {
                id: 0,
                type: 'persistent-claim',
                size: new Value('kafkaStrimzi.storage', '100Gi'),
                deleteClaim: false,
                kraftMetadata: 'shared',
              },
            ],
          },
        },
      },
      cluster(),
    ],
    topics: TOPICS.map(({ name }) => topic(name)),
    users: [...WORKLOADS.map(stageUser), topicsUser(), registryUser()],
  },
  settings: { KAFKA_BROKERS: `${KAFKA_CLUSTER}-kafka-bootstrap:${STRIMZI_PORT}` },
};

function cluster(): Manifest {
  return {
    apiVersion: API,
    kind: 'Kafka',
    metadata: { name: KAFKA_CLUSTER, labels: PART_OF },
    spec: {
      kafka: {
        listeners: [
          {
            name: 'tls',
            port: STRIMZI_PORT,
            type: 'internal',
            tls: true,
            authentication: { type: 'scram-sha-512' },
          },
        ],
        authorization: { type: 'simple' },
        config: {
          'auto.create.topics.enable': false,
          'default.replication.factor': REPLICATION,
          'min.insync.replicas': REPLICATION - 1,
          'offsets.topic.replication.factor': REPLICATION,
          'transaction.state.log.replication.factor': REPLICATION,
          'transaction.state.log.min.isr': REPLICATION - 1,
          'unclean.leader.election.enable': false,
        },
      },
      entityOperator: { topicOperator: {}, userOperator: {} },
    },
  };
}

function topic(name: TopicName): Manifest {
  const qualified = qualifiedTopic(TOPIC_NAMESPACE, name);
  const desired = desiredTopics(TOPIC_NAMESPACE, { replicationFactor: REPLICATION }).find(
    (candidate) => candidate.topic === qualified,
  )!;
  const numeric = new Set([...Object.keys(COMMON_CONFIGS), 'retention.ms', 'min.insync.replicas']);
  return {
    apiVersion: API,
    kind: 'KafkaTopic',
    metadata: metadata(qualified),
    spec: {
      partitions: isKeyedByUser(name) ? userPartitions() : desired.partitions,
      replicas: REPLICATION,
      config: Object.fromEntries(
        Object.entries(desired.configs).map(([key, value]) => [
          key,
          numeric.has(key) ? Number(value) : value,
        ]),
      ),
    },
  };
}

interface Right {
  readonly resource: Manifest;
  readonly operations: readonly string[];
}

function user(name: string, rights: readonly Right[]): Manifest {
  return {
    apiVersion: API,
    kind: 'KafkaUser',
    metadata: metadata(`kafka-${name}`),
    spec: {
      authentication: { type: 'scram-sha-512' },
      authorization: {
        type: 'simple',
        acls: rights.map(({ resource, operations }) => ({ resource, operations })),
      },
    },
  };
}

function onTopic(name: TopicName, ...operations: string[]): Right {
  const resource = { type: 'topic', name: qualifiedTopic(TOPIC_NAMESPACE, name), patternType: 'literal' };
  return { resource, operations };
}

function onNames(type: string, name: string, ...operations: string[]): Right {
  return { resource: { type, name, patternType: 'prefix' }, operations };
}

function stageUser({ name, reads, writes, configurations = [] }: Workload): Manifest {
  const rights = TOPICS.flatMap(({ name: each }) => {
    const operations = [
      ...(reads.includes(each) ? ['Read'] : []),
      ...(writes.includes(each) ? ['Write'] : []),
      ...(configurations.includes(each) ? ['DescribeConfigs'] : []),
    ];
    return operations.length === 0 ? [] : [onTopic(each, ...operations, 'Describe')];
  });
  // A whole topic is read through a group of its own, which is deleted afterwards.
  const readers = reads.map((each) => `${qualifiedTopic(TOPIC_NAMESPACE, each)}.reader.`);
  return user(name, [
    ...rights,
    onNames('group', `${TOPIC_NAMESPACE}.${name}`, 'Read', 'Describe', 'Delete'),
    ...readers.map((prefix) => onNames('group', prefix, 'Read', 'Describe', 'Delete')),
  ]);
}

function topicsUser(): Manifest {
  return user(TOPICS_JOB, [
    onNames('topic', `${TOPIC_NAMESPACE}.`, 'Create', 'Describe', 'DescribeConfigs', 'Alter', 'AlterConfigs'),
  ]);
}

function registryUser(): Manifest {
  const topicOperations = ['Create', 'Read', 'Write', 'Describe', 'DescribeConfigs', 'Alter', 'AlterConfigs'];
  return user('registry', [
    onNames('topic', 'kafkasql-', ...topicOperations),
    onNames('topic', 'registry-events', ...topicOperations),
    onNames('group', 'apicurio-', 'Read', 'Describe', 'Delete'),
  ]);
}
