/** Pods of other namespaces: one that the policies take for the ingress controller, and strangers. */
import type { DataMap } from '../../render/merge.ts';
import { CONTAINER_SECURITY, podSecurity } from '../../source/parts.ts';
import { portOf } from '../../source/workloads.ts';
import { applyObjects, type Forward, forward, kubectl } from './kubectl.ts';

/** The namespace from which the policies admit requests to the gateway. */
export const INGRESS_NAMESPACE = 'ingress-nginx';
export const STRANGER_NAMESPACE = 'tributary-stranger';

/** Passes each connection to the address of the gateway's Service, as an ingress controller does. */
const DOOR = `const net = require('node:net');
const [host, port] = process.argv.slice(1);
net.createServer({ allowHalfOpen: true }, (from) => {
  const to = net.connect({ host, port: Number(port), allowHalfOpen: true });
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.on('close', () => to.destroy());
  to.on('close', () => from.destroy());
}).listen(8080, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));`;

const SLEEP = "setInterval(() => undefined, 1e6); process.on('SIGTERM', () => process.exit(0));";

function pod(name: string, namespace: string, image: string, args: readonly string[]): DataMap {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      securityContext: podSecurity() as DataMap,
      containers: [
        {
          name,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '-e'],
          args: [...args],
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
          securityContext: CONTAINER_SECURITY as DataMap,
        },
      ],
    },
  };
}

function namespace(name: string): DataMap {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** Opens a way to the gateway that outlives its pods. @returns the address on this machine */
export async function openDoor(image: string): Promise<Forward> {
  const address = await kubectl(['get', 'service', 'gateway', '--output', 'jsonpath={.spec.clusterIP}']);
  await applyObjects([
    namespace(INGRESS_NAMESPACE),
    pod('door', INGRESS_NAMESPACE, image, [DOOR, address, String(portOf('gateway'))]),
  ]);
  await kubectl([
    '--namespace',
    INGRESS_NAMESPACE,
    'wait',
    '--for=condition=Ready',
    'pod/door',
    '--timeout=120s',
  ]);
  return forward('pod/door', ':8080', INGRESS_NAMESPACE);
}

/** Starts a stranger inside of the namespace, and one outside of it. */
export async function startStrangers(image: string): Promise<void> {
  await applyObjects([
    namespace(STRANGER_NAMESPACE),
    pod('stranger', STRANGER_NAMESPACE, image, [SLEEP]),
    pod('stranger', 'tributary', image, [SLEEP]),
  ]);
  for (const where of [STRANGER_NAMESPACE, 'tributary'])
    await kubectl(['--namespace', where, 'wait', '--for=condition=Ready', 'pod/stranger', '--timeout=120s']);
}

export async function removeOutsiders(): Promise<void> {
  await kubectl(['delete', 'pod', 'stranger', '--ignore-not-found', '--wait=false']);
  await kubectl(['--namespace', INGRESS_NAMESPACE, 'delete', 'pod', 'door', '--ignore-not-found']);
  await kubectl(['delete', 'namespace', STRANGER_NAMESPACE, '--ignore-not-found']);
}
