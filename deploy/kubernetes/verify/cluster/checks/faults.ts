/** What hurts pods and servers, under the load. */
import { setTimeout as delay } from 'node:timers/promises';
import { STAGE_NAMES } from '#stages/stages.ts';
import { selector } from '../../../source/parts.ts';
import type { ClusterCheck } from '../check.ts';
import { rolledOut, TWICE, WORKLOAD_NAMES, workloadOf } from '../install.ts';
import { eventually, isReadyPod, KubectlError, kubectl, type Pod, podsOf } from '../kubectl.ts';

const isTwice = (name: string): boolean => (TWICE as readonly string[]).includes(name);

export function podsNamed(name: string): Promise<Pod[]> {
  const [[key, value]] = Object.entries(selector(name)) as [[string, string]];
  return podsOf(`${key}=${value}`);
}

async function podOf(name: string): Promise<Pod> {
  const pod = (await podsNamed(name)).find(isReadyPod);
  if (pod === undefined) throw new Error(`no pod of ${name} is ready`);
  return pod;
}

/** Resolves when a pod is gone, and as many others as before are ready. */
async function replaced(name: string, gone: Pod, count: number): Promise<void> {
  await eventually(`another pod of ${name} is ready`, async () => {
    const now = await podsNamed(name);
    const others = now.filter((pod) => pod.metadata.uid !== gone.metadata.uid);
    return others.length === now.length && others.filter(isReadyPod).length >= count;
  });
}

const evict = (pod: Pod): Promise<string> =>
  kubectl(
    ['create', '--raw', `/api/v1/namespaces/tributary/pods/${pod.metadata.name}/eviction`, '--filename', '-'],
    JSON.stringify({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: pod.metadata.name, namespace: 'tributary' },
    }),
  );

async function afterLoss(name: string, lose: (pod: Pod) => Promise<unknown>): Promise<undefined> {
  const count = (await podsNamed(name)).length;
  const pod = await podOf(name);
  await lose(pod);
  await replaced(name, pod, count);
}

const rolls: ClusterCheck[] = STAGE_NAMES.map((name) => ({
  name: `a rolling update of ${name}`,
  // Also where the one pod leaves before its successor starts, because slates come from rerank and Redis.
  isSilent: true,
  async run() {
    await kubectl(['rollout', 'restart', workloadOf(name)]);
    await rolledOut(name);
    return undefined;
  },
}));

const evictions: ClusterCheck[] = WORKLOAD_NAMES.map((name) => ({
  name: `an eviction of a pod of ${name}`,
  isSilent: isTwice(name),
  run: () => afterLoss(name, evict),
}));

const deletions: ClusterCheck[] = WORKLOAD_NAMES.map((name) => ({
  name: `the deletion of a pod of ${name}`,
  isSilent: isTwice(name),
  run: () => afterLoss(name, ({ metadata }) => kubectl(['delete', 'pod', metadata.name, '--wait=false'])),
}));

const kills: ClusterCheck[] = STAGE_NAMES.filter((name) => name !== 'retrain').map((name) => ({
  name: `a pod of ${name} that is killed without a grace period`,
  run: () =>
    afterLoss(name, ({ metadata }) =>
      kubectl(['delete', 'pod', metadata.name, '--grace-period=0', '--force']),
    ),
}));

/**
 * Marks the stage as the process to kill, which a user may do to its own, and starts children until the limit of the container is
 * met. Each is smaller than the stage, so that the kernel takes the stage.
 */
const HOARD = `require('node:fs').writeFileSync('/proc/1/oom_score_adj', '1000');
const child = 'const held = Buffer.alloc(25e6, 1); setInterval(() => held.fill(2, 0, 1), 1e3);';
setInterval(() => require('node:child_process').spawn(process.execPath, ['-e', child]), 500);`;

const outOfMemory: ClusterCheck = {
  name: 'an OOM kill of interests',
  async run() {
    const pod = await podOf('interests');
    const restarts = pod.status.containerStatuses?.[0]?.restartCount ?? 0;
    // It ends with the container.
    await kubectl(['exec', pod.metadata.name, '--', 'node', '-e', HOARD]).catch(() => undefined);
    const isKilled = async (): Promise<boolean> => {
      const now = (await podsNamed('interests')).find(({ metadata }) => metadata.uid === pod.metadata.uid);
      const status = now?.status.containerStatuses?.[0];
      return (
        status !== undefined &&
        status.restartCount > restarts &&
        status.ready &&
        status.lastState.terminated?.reason === 'OOMKilled'
      );
    };
    await eventually('the container was OOMKilled and is ready again', isKilled);
    return undefined;
  },
};

const drain: ClusterCheck = {
  name: 'a drain of a node that the budget of gateway refuses',
  isSilent: true,
  async run() {
    const [first, second] = await podsNamed('gateway');
    const node = first?.spec.nodeName;
    if (second === undefined || node === undefined) throw new Error('gateway needs two pods');
    const nodes = new Set((await podsNamed('gateway')).map(({ spec }) => spec.nodeName));
    for (const name of nodes) await kubectl(['cordon', name!]);
    try {
      await evict(first!);
      // Its successor finds no node, so that the second pod is the last one.
      const refused = await evict(second).then(
        () => 'nothing',
        (error: unknown) => (error instanceof KubectlError ? error.message : String(error)),
      );
      if (!/disruption budget/.test(refused))
        throw new Error(`the second eviction was answered with ${refused}`);
      const drained = await kubectl([
        ...['drain', node, '--pod-selector', 'app.kubernetes.io/name=gateway'],
        ...['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=15s'],
      ]).then(
        () => true,
        () => false,
      );
      if (drained) throw new Error('the drain ended although one pod was left');
    } finally {
      for (const name of nodes) await kubectl(['uncordon', name!]);
    }
    await rolledOut('gateway');
    return undefined;
  },
};

const WITHOUT_DNS_MS = 10_000;

const dns: ClusterCheck = {
  name: "the cluster's DNS is gone for 10 s",
  async run() {
    const at = ['--namespace', 'kube-system'];
    const named = ['get', 'deployment', '--selector', 'k8s-app=kube-dns', '--output'];
    const [name, replicas] = (
      await kubectl([...at, ...named, 'jsonpath={.items[0].metadata.name} {.items[0].spec.replicas}'])
    ).split(' ');
    await kubectl([...at, 'scale', `deployment/${name}`, '--replicas=0']);
    await delay(WITHOUT_DNS_MS);
    await kubectl([...at, 'scale', `deployment/${name}`, `--replicas=${replicas}`]);
    await kubectl([...at, 'rollout', 'status', `deployment/${name}`, '--timeout=300s']);
    return undefined;
  },
};

export const FAULT_CHECKS: readonly ClusterCheck[] = [
  ...rolls,
  ...evictions,
  ...deletions,
  ...kills,
  outOfMemory,
  drain,
  dns,
];
