/** The parts that the manifests of several workloads share. */
import { PLATFORM_SETTINGS } from '#platform/config.ts';
import { type Manifest, type Node, Value } from './manifest.ts';

export const PART_OF = { 'app.kubernetes.io/part-of': 'tributary' };

/** Labels of an object; `name` alone selects its pods. */
export function labels(name: string, component = 'stage'): Manifest {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': component, ...PART_OF };
}

export function selector(name: string): Manifest {
  return { 'app.kubernetes.io/name': name };
}

/** The user `node` of the image. */
const USER = 1_000;

/** Seconds from the order to end a pod until its server stops accepting, in which routers learn that the pod is going. */
const LEAVE_SECONDS = 5;
/** Seconds that are left for the end of the process after its drain. */
const SPARE_SECONDS = 10;

export const GRACE_SECONDS =
  LEAVE_SECONDS + (PLATFORM_SETTINGS.drainDeadlineMs.fallback ?? 0) / 1_000 + SPARE_SECONDS;

/** Seconds in which a stage has reached its servers, which may be starting too. */
export const STARTUP_SECONDS = 300;

/** Where the Secret `tributary` is mounted, one file a key. */
export const SECRETS_PATH = '/etc/tributary/secrets';

export function podSecurity(user = USER): Manifest {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export const CONTAINER_SECURITY: Manifest = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** `kubectl describe pod` then shows the end of the log of a container that failed, which names the cause and the remedy. */
export const TERMINATION_MESSAGE = 'FallbackToLogsOnError';

export const LEAVE: Manifest = {
  '#preStop': 'Routers learn that the pod is going before its server stops accepting.',
  preStop: { sleep: { seconds: LEAVE_SECONDS } },
};

/** Requests and limits whose figures an overlay may change. */
export function resources(
  name: string,
  cpu: readonly [string, string],
  memory: readonly [string, string],
  storage: readonly [string, string] = ['64Mi', '256Mi'],
): Manifest {
  const part = (kind: 'requests' | 'limits', at: 0 | 1): Manifest => ({
    cpu: new Value(`${name}.resources.${kind}.cpu`, cpu[at]),
    memory: new Value(`${name}.resources.${kind}.memory`, memory[at]),
    'ephemeral-storage': storage[at],
  });
  return { requests: part('requests', 0), limits: part('limits', 1) };
}

/** Replicas lie apart where they can. */
export function spread(name: string): Node {
  const over = (topologyKey: string): Manifest => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selector(name) },
  });
  return [over('kubernetes.io/hostname'), over('topology.kubernetes.io/zone')];
}

/** An account of its own for each workload, which needs nothing of the API server. */
export function serviceAccount(name: string, component = 'stage'): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, labels: labels(name, component) },
    automountServiceAccountToken: false,
  };
}

/** One pod at a time may be evicted; a pod that is not ready protects nothing, so it never blocks a drain. */
export function disruptionBudget(name: string, component = 'stage'): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, labels: labels(name, component) },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selector(name) },
    },
  };
}

/** A Service of the pods of a workload; headless if it only names them. */
export function service(options: {
  name: string;
  pods?: string;
  component?: string;
  ports: Readonly<Record<string, number>>;
  headless?: boolean;
  /** Names pods before they are ready, so that they can find each other. */
  early?: boolean;
}): Manifest {
  const { name, pods = name, component = 'stage', ports, headless = false, early = false } = options;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: labels(pods, component) },
    spec: {
      ...(headless ? { clusterIP: 'None' } : {}),
      ...(early ? { publishNotReadyAddresses: true } : {}),
      selector: selector(pods),
      ports: Object.entries(ports).map(([port, number]) => ({ name: port, port: number, targetPort: port })),
    },
  };
}
