/** What nobody may reach, do or read. */
import { STAGE_NAMES } from '#stages/stages.ts';
import { KAFKA_PORT } from '../../../source/components/kafka.ts';
import { REDIS_PORT } from '../../../source/components/redis.ts';
import { REGISTRY_PORT } from '../../../source/components/registry.ts';
import { portOf, type StageName } from '../../../source/workloads.ts';
import type { ClusterCheck } from '../check.ts';
import { SERVERS, WORKLOAD_NAMES } from '../install.ts';
import { kubectl } from '../kubectl.ts';
import { INGRESS_NAMESPACE, STRANGER_NAMESPACE, startStrangers } from '../outsiders.ts';
import { execute } from '../world.ts';
import { podsNamed } from './faults.ts';

const SERVER_PORTS = { kafka: KAFKA_PORT, redis: REDIS_PORT, registry: REGISTRY_PORT } as const;

/** Prints which of the addresses in its arguments accept a connection. */
const TRY = `const net = require('node:net');
const reach = (address) => new Promise((done) => {
  const at = address.lastIndexOf(':');
  const socket = net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  const end = (is) => { socket.destroy(); done(is ? address : undefined); };
  socket.setTimeout(4000, () => end(false));
  socket.on('connect', () => end(true)).on('error', () => end(false));
});
Promise.all(process.argv.slice(1).map(reach)).then((all) => console.log(JSON.stringify(all.filter(Boolean))));`;

async function reached(pod: string, namespace: string, addresses: readonly string[]): Promise<string[]> {
  const args = ['--namespace', namespace, 'exec', pod, '--', 'node', '-e', TRY, ...addresses];
  return JSON.parse(await kubectl(args)) as string[];
}

function portOfWorkload(name: string): number {
  return name in SERVER_PORTS ? SERVER_PORTS[name as keyof typeof SERVER_PORTS] : portOf(name as StageName);
}

/** Addresses of every pod, which no name must be looked up for. */
async function everyAddress(): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  for (const name of WORKLOAD_NAMES)
    for (const { status } of await podsNamed(name))
      if (status.podIP !== undefined) addresses.set(`${status.podIP}:${portOfWorkload(name)}`, name);
  return addresses;
}

const strangers: ClusterCheck = {
  name: 'a stranger pod, in the namespace or outside of it, reaches nothing',
  async run({ image }) {
    await startStrangers(image);
    const addresses = await everyAddress();
    const api = await kubectl([
      ...['--namespace', 'default', 'get', 'service', 'kubernetes'],
      ...['--output', 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}'],
    ]);
    const inside = await reached('stranger', 'tributary', [...addresses.keys(), api]);
    const outside = await reached('stranger', STRANGER_NAMESPACE, [...addresses.keys()]);
    // The way in, by which the probe itself is shown to work.
    const door = await reached('door', INGRESS_NAMESPACE, [...addresses.keys()]);
    const named = (found: readonly string[]): string =>
      [...new Set(found.map((one) => addresses.get(one) ?? 'the API server'))].join(', ');
    if (inside.length + outside.length > 0)
      throw new Error(`reached from inside: ${named(inside)}; from outside: ${named(outside)}`);
    if (named(door) !== 'gateway')
      throw new Error(`the ingress reaches ${named(door) || 'nothing'}, not gateway`);
    return `${addresses.size} addresses`;
  },
};

/** Each stage reaches what it needs and nothing else. */
const stagesReach: ClusterCheck = {
  name: 'a pod of feedback reaches Kafka, the registry and Redis, and no other stage',
  async run() {
    const addresses = await everyAddress();
    const pod = (await podsNamed('feedback'))[0]!;
    const found = await reached(pod.metadata.name, 'tributary', [...addresses.keys()]);
    // A pod reaches itself.
    const names = [...new Set(found.map((one) => addresses.get(one)!))].filter((name) => name !== 'feedback');
    if (names.sort().join() !== [...SERVERS].sort().join()) throw new Error(`it reaches ${names.join(', ')}`);
    return undefined;
  },
};

const WHO = `const fs = require('node:fs');
const status = fs.readFileSync('/proc/self/status', 'utf8');
let wrote = true;
try { fs.writeFileSync('/written', ''); } catch (error) { wrote = error.code !== 'EROFS'; }
console.log(JSON.stringify({ uid: process.getuid(), wrote, caps: /CapEff:\\s*(\\S+)/.exec(status)[1],
  privileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1], seccomp: /Seccomp:\\s*(\\d)/.exec(status)[1],
  token: fs.existsSync('/var/run/secrets/kubernetes.io') }));`;
const WHO_OF_A_SERVER =
  'id -u; touch /written 2>&1 | grep -c Read-only; grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status | tr "\\n" " "; ls -d /var/run/secrets/kubernetes.io 2>/dev/null; true';

const restricted: ClusterCheck = {
  name: 'every pod runs as a user that is not root, without capabilities, on a root file system that it cannot write',
  async run() {
    for (const name of STAGE_NAMES) {
      const pod = (await podsNamed(name))[0]!.metadata.name;
      const who = JSON.parse(await execute(pod, ['node', '-e', WHO])) as Record<string, unknown>;
      const expected = {
        uid: 1000,
        wrote: false,
        caps: '0000000000000000',
        privileges: '1',
        seccomp: '2',
        token: false,
      };
      if (JSON.stringify(who) !== JSON.stringify(expected))
        throw new Error(`${name}: ${JSON.stringify(who)}`);
    }
    for (const name of SERVERS) {
      const pod = (await podsNamed(name))[0]!.metadata.name;
      const who = await execute(pod, ['sh', '-c', WHO_OF_A_SERVER]);
      const isRestricted =
        /^[1-9]\d*\n1\n.*CapEff:\s*0{16}.*NoNewPrivs:\s*1.*Seccomp:\s*2/s.test(who) &&
        !who.includes('/var/run/secrets');
      if (!isRestricted) throw new Error(`${name}: ${who}`);
    }
    return undefined;
  },
};

const METRICS = `fetch('http://127.0.0.1:' + process.argv[1] + '/metrics').then((r) => r.text()).then((t) => console.log(t));`;

const secrets: ClusterCheck = {
  name: 'no secret is in descriptions, logs or metrics',
  async run({ password }) {
    const texts = new Map<string, string>();
    texts.set('kubectl describe', await kubectl(['describe', 'all,configmaps,secrets,jobs,networkpolicies']));
    texts.set('events', await kubectl(['get', 'events', '--output', 'yaml']));
    for (const name of WORKLOAD_NAMES) {
      for (const { metadata } of await podsNamed(name)) {
        texts.set(`the log of ${metadata.name}`, await kubectl(['logs', metadata.name]));
        if (!(STAGE_NAMES as readonly string[]).includes(name)) continue;
        const args = ['node', '-e', METRICS, String(portOfWorkload(name))];
        const metrics = await execute(metadata.name, args);
        if (!metrics.includes('tributary_')) throw new Error(`${metadata.name} has no metrics`);
        texts.set(`the metrics of ${metadata.name}`, metrics);
      }
    }
    const telling = [...texts].filter(([, text]) => text.includes(password)).map(([where]) => where);
    if (telling.length > 0) throw new Error(`the password of Redis is in ${telling.join(', ')}`);
    return `${texts.size} texts`;
  },
};

export const WALL_CHECKS: readonly ClusterCheck[] = [strangers, stagesReach, restricted, secrets];
