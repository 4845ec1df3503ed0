/** The manifests of one stage. */
import project from '../../../package.json' with { type: 'json' };
import { CHART, type Manifest, type Node, Only, Value } from './manifest.ts';
import {
  CONTAINER_SECURITY,
  disruptionBudget,
  GRACE_SECONDS,
  LEAVE,
  labels,
  podSecurity,
  resources,
  SECRETS_PATH,
  STARTUP_SECONDS,
  selector,
  service,
  serviceAccount,
  spread,
  TERMINATION_MESSAGE,
} from './parts.ts';
import { portOf, type Workload } from './workloads.ts';

/** Component whose Kafka knows each stage as a user of its own. */
export const STRIMZI = 'kafka-strimzi';
/** Component that decides the number of replicas itself. */
const AUTOSCALING = 'autoscaling';
/** Stages whose number of replicas the component `autoscaling` decides. */
export const SCALED = ['gateway', 'interests', 'propose', 'rerank', 'feedback'] as const;

/** Returns everything in the file of a stage. */
export function stageManifests(row: Workload): Manifest[] {
  const { name, about } = row;
  const ports = { http: portOf(name) };
  const account = { '#': about, ...serviceAccount(name) };
  if (name !== 'index') return [account, service({ name, ports }), deployment(row), disruptionBudget(name)];
  return [
    account,
    service({ name, ports }),
    {
      '#': 'The address of each shard: index-0.index-pods, index-1.index-pods and so on.',
      // Another component than the stage, so that its metrics are scraped once.
      ...service({ name: `${name}-pods`, pods: name, component: 'discovery', ports, headless: true }),
    },
    statefulSet(row),
    disruptionBudget(name),
  ];
}

function replicasOf({ name, replicas }: Workload): Value {
  const scaled = (SCALED as readonly string[]).includes(name);
  return new Value(`${name}.replicas`, replicas, scaled ? AUTOSCALING : undefined);
}

function deployment(row: Workload): Manifest {
  const { name } = row;
  // A training takes gigabytes, so a second pod of it is not started before the first has left.
  const surge = name === 'retrain' ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: labels(name) },
    spec: {
      replicas: replicasOf(row),
      revisionHistoryLimit: 5,
      minReadySeconds: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: surge },
      selector: { matchLabels: selector(name) },
      template: podTemplate(row),
    },
  };
}

function statefulSet(row: Workload): Manifest {
  const { name } = row;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels: labels(name) },
    spec: {
      serviceName: `${name}-pods`,
      replicas: replicasOf(row),
      revisionHistoryLimit: 5,
      minReadySeconds: 5,
      '#podManagementPolicy': 'Pods read the log independently of each other, so they start at once.',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: selector(name) },
      template: podTemplate(row),
    },
  };
}

function podTemplate(row: Workload): Manifest {
  const { name, scratch } = row;
  return {
    metadata: {
      labels: labels(name),
      // kustomize appends a hash to the name of the ConfigMap, so that changed settings roll the pods too.
      annotations: new Only(CHART, "{ checksum/settings: '{{ toJson .Values.settings | sha256sum }}' }"),
    },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      '#terminationGracePeriodSeconds':
        'Longer than the drain (TRIBUTARY_DRAIN_DEADLINE_MS, 20 s by default) and the pause before it.',
      terminationGracePeriodSeconds: GRACE_SECONDS,
      securityContext: podSecurity(),
      topologySpreadConstraints: spread(name),
      containers: [container(row)],
      volumes: [
        ...secretVolume(),
        ...kafkaUserVolumes(name),
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ...(scratch === undefined ? [] : [{ name: 'scratch', emptyDir: { sizeLimit: scratch.size } }]),
      ],
    },
  };
}

/** The volume with the secrets, which an installation without secrets lacks. */
export function secretVolume(): Manifest[] {
  return [
    {
      name: 'secrets',
      secret: { secretName: 'tributary', optional: true, '#defaultMode': '0440', defaultMode: 288 },
    },
  ];
}

/** Name of the Kafka cluster of the component `kafka-strimzi`. */
export const KAFKA_CLUSTER = 'tributary';
const KAFKA_PATH = '/etc/tributary/kafka';

/** The password of a Kafka user, and the certificate of the cluster's authority, as Strimzi's operator writes them. */
export function kafkaUserVolumes(user: string): Only[] {
  const sources = [
    { secret: { name: `kafka-${user}`, items: [{ key: 'password', path: 'password' }] } },
    { secret: { name: `${KAFKA_CLUSTER}-cluster-ca-cert`, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  ];
  return [new Only(STRIMZI, { name: 'kafka-user', projected: { defaultMode: 288, sources } })];
}

export function kafkaUserMount(): Only {
  return new Only(STRIMZI, { name: 'kafka-user', mountPath: KAFKA_PATH, readOnly: true });
}

export function kafkaUserEnvironment(user: string): Only[] {
  const values = {
    KAFKA_TLS: 'true',
    KAFKA_CA_FILE: `${KAFKA_PATH}/ca.crt`,
    KAFKA_USERNAME: `kafka-${user}`,
    KAFKA_PASSWORD_FILE: `${KAFKA_PATH}/password`,
  };
  return Object.entries(values).map(([name, value]) => new Only(STRIMZI, { name, value }));
}

export const SECRET_MOUNT: Manifest = { name: 'secrets', mountPath: SECRETS_PATH, readOnly: true };
export const SETTINGS_SOURCE: Node = [{ configMapRef: { name: 'settings' } }];

function container(row: Workload): Manifest {
  const { name, image, cpu, memory, scratch } = row;
  const environment: Node[] = [
    ...(scratch === undefined ? [] : [{ name: scratch.variable, value: scratch.path }]),
    ...(name === 'index' ? [ordinal()] : []),
    ...kafkaUserEnvironment(name),
  ];
  return {
    name: 'stage',
    image: imageOf(image),
    imagePullPolicy: 'IfNotPresent',
    args: [name],
    envFrom: SETTINGS_SOURCE,
    env: environment,
    ports: [{ name: 'http', containerPort: portOf(name) }],
    lifecycle: LEAVE,
    ...probes(name),
    resources: resources(name, cpu, memory, storageOf(scratch?.size)),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: TERMINATION_MESSAGE,
    volumeMounts: [
      SECRET_MOUNT,
      kafkaUserMount(),
      { name: 'tmp', mountPath: '/tmp' },
      ...(scratch === undefined ? [] : [{ name: 'scratch', mountPath: scratch.path }]),
    ],
  };
}

/** An emptyDir counts as ephemeral storage of the container. */
function storageOf(scratch: string | undefined): [string, string] {
  return scratch === undefined ? ['64Mi', '256Mi'] : ['512Mi', '2560Mi'];
}

/** The name of an image; kustomize's `images` and the chart's values put the registry and the tag in its place. */
export function imageOf(image: string): Value {
  return new Value(`images.${camel(image)}`, `${image}:${project.version}`);
}

export function camel(name: string): string {
  return name.replaceAll(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
}

function ordinal(): Manifest {
  return {
    name: 'TRIBUTARY_INDEX_ORDINAL',
    valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
  };
}

function probes(name: Workload['name']): Manifest {
  const get = (path: string): Manifest => ({ httpGet: { path, port: 'http' } });
  // A stage listens once it has reached Kafka and the registry; what it reads of the log then delays only readiness.
  return {
    '#startupProbe': 'The stage listens once Kafka, the registry and Redis have answered.',
    startupProbe: {
      ...get('/healthz'),
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: STARTUP_SECONDS,
    },
    '#livenessProbe': 'Only a process that has hung is restarted: /healthz asks no other server.',
    livenessProbe: {
      ...get('/healthz'),
      periodSeconds: 10,
      // A retraining may keep both processors of a small node busy.
      timeoutSeconds: name === 'retrain' ? 10 : 5,
      failureThreshold: 6,
    },
    '#readinessProbe': 'Not ready while the stage starts, reads the log, rebuilds lost state, or drains.',
    readinessProbe: { ...get('/readyz'), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
  };
}
