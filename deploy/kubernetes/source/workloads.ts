/** What each stage needs of a cluster. Every manifest of the stages is made from these rows. */
import { STAGES } from '#stages/stages.ts';
import type { TopicName } from '#topics/catalog.ts';

export type StageName = keyof typeof STAGES;

export interface Workload {
  readonly name: StageName;
  /** Comment at the head of its file. */
  readonly about: string;
  readonly image: 'tributary' | 'tributary-training';
  readonly replicas: number;
  /** CPU and memory that are reserved, and that are the most. */
  readonly cpu: readonly [request: string, limit: string];
  readonly memory: readonly [request: string, limit: string];
  /** Folder that the stage writes, and its largest size. */
  readonly scratch?: { readonly variable: string; readonly path: string; readonly size: string };
  readonly reads: readonly TopicName[];
  readonly writes: readonly TopicName[];
  /** Topics whose configuration it reads. */
  readonly configurations?: readonly TopicName[];
  /** Consumer groups, without the namespace, that share work among replicas, each with the topic that they read. */
  readonly groups: Readonly<Record<string, TopicName>>;
  /** Stages that it queries over HTTP. */
  readonly peers: readonly StageName[];
  readonly usesRedis: boolean;
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'gateway',
    about: 'gateway: the way in and out for apps. It keeps no state, so replicas only share the requests.',
    image: 'tributary',
    replicas: 2,
    cpu: ['250m', '2'],
    memory: ['256Mi', '512Mi'],
    reads: [],
    writes: ['actions', 'items'],
    configurations: ['actions'],
    groups: {},
    peers: ['rerank', 'interests', 'index', 'propose'],
    usesRedis: false,
  },
  {
    name: 'interests',
    about: 'interests: windows and medoids of the users. Replicas share the partitions of actions.',
    image: 'tributary',
    replicas: 2,
    cpu: ['500m', '2'],
    memory: ['512Mi', '2Gi'],
    reads: ['actions', 'embeddings', 'releases'],
    writes: ['interests', 'dead-letters'],
    groups: { interests: 'actions' },
    peers: ['index'],
    usesRedis: true,
  },
  {
    name: 'index',
    about:
      'index: the nearest items of a vector. Each pod reads the whole log, and holds the shard of its ordinal modulo TRIBUTARY_INDEX_SHARDS.',
    image: 'tributary',
    replicas: 2,
    cpu: ['500m', '2'],
    memory: ['1Gi', '2Gi'],
    scratch: { variable: 'TRIBUTARY_INDEX_SNAPSHOTS', path: '/var/lib/tributary/index', size: '2Gi' },
    reads: ['embeddings', 'releases', 'items'],
    writes: ['releases'],
    groups: {},
    peers: ['index'],
    usesRedis: false,
  },
  {
    name: 'propose',
    about:
      'propose: candidates for each user. Replicas share the partitions of interests, and each counts what is trending.',
    image: 'tributary',
    replicas: 2,
    cpu: ['500m', '2'],
    memory: ['768Mi', '3Gi'],
    reads: ['interests', 'actions', 'embeddings', 'releases', 'items', 'models', 'model-parts'],
    writes: ['proposals', 'dead-letters'],
    groups: { propose: 'interests' },
    peers: ['index'],
    usesRedis: false,
  },
  {
    name: 'rerank',
    about:
      'rerank: slates, and the bandit that learns from rewards. Any replica answers for any user, from Redis.',
    image: 'tributary',
    replicas: 2,
    cpu: ['500m', '2'],
    memory: ['512Mi', '1Gi'],
    reads: ['proposals', 'rewards', 'items', 'experiments'],
    writes: ['slates', 'candidates', 'dead-letters'],
    groups: { 'rerank.pools': 'proposals', 'rerank.rewards': 'rewards' },
    peers: [],
    usesRedis: true,
  },
  {
    name: 'feedback',
    about: 'feedback: the reward of each shown item. Replicas share the partitions of slates and actions.',
    image: 'tributary',
    replicas: 2,
    cpu: ['250m', '2'],
    memory: ['256Mi', '768Mi'],
    reads: ['slates', 'actions', 'rewards'],
    writes: ['rewards', 'dead-letters'],
    groups: { feedback: 'slates' },
    peers: [],
    usesRedis: true,
  },
  {
    name: 'retrain',
    about:
      'retrain: embeddings, learned from the log again and again. One pod is enough: a lease in the log lets one of several train.',
    image: 'tributary-training',
    replicas: 1,
    cpu: ['1', '4'],
    memory: ['2Gi', '6Gi'],
    reads: ['actions', 'items', 'releases', 'embeddings', 'models', 'model-parts', 'inference'],
    writes: ['embeddings', 'releases', 'models', 'model-parts', 'inference'],
    configurations: ['actions'],
    groups: {},
    peers: [],
    usesRedis: false,
  },
];

/** Namespace of topics, groups and Redis keys in the manifests: TRIBUTARY_NAMESPACE. */
export const TOPIC_NAMESPACE = 'tributary';

/** Returns the row of a stage. */
export function workload(name: StageName): Workload {
  return WORKLOADS.find((row) => row.name === name)!;
}

/** Returns the port of a stage. */
export function portOf(name: StageName): number {
  return STAGES[name].port;
}
