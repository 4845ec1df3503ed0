import { Redis } from 'ioredis';
import { createRandom } from '#algorithms/random.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl, urlVariable } from '#stages/stages.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import type { ProxiedListener } from '../../local/kafka.ts';
import { freePort } from '../../local/ports.ts';
import { type FaultServers, startFaultServers } from '../servers.ts';
import { type Fleet, type Member, startFleet } from './fleet.ts';
import { type PublishedItems, SHARED_ITEMS, someGeneration } from './generations.ts';
import { type Load, startLoad } from './load.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

/** How large the world is. */
export interface WorldOptions {
  readonly seed: string;
  /** Processes of each stage. */
  readonly copies: number;
  readonly actionsPerSecond: number;
  readonly slatesPerSecond: number;
  /** Time after which a request of the load counts as failed, ms. Default: that of the load. */
  readonly requestTimeoutMs?: number;
  /** A bug that is planted in the stages. */
  readonly plant?: string | undefined;
  readonly onCrash: (name: string, reason: string) => void;
}

/** Servers and stages, with proxies between them, and a steady load. */
export interface NemesisWorld {
  readonly servers: FaultServers;
  readonly namespace: TestNamespace;
  /** A connection past all proxies. */
  readonly redis: Redis;
  readonly fleet: Fleet;
  readonly members: readonly Member[];
  /** Proxies by name: `interests-1>kafka`, `interests-1>redis`, and `>interests` before the processes of a stage. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  readonly load: Load;
  /** Requests of slow clients, each of which may have led to a slate that nobody received. */
  readonly slowClients: { count: number };
  /** The generations published so far, by name. */
  readonly generations: PublishedItems[];
  /** Publishes one more generation, which the index then flips to. */
  publishGeneration(): Promise<void>;
  /** Writes past all proxies and the gateway. */
  write<T extends TopicName>(topic: T, key: string, value: TopicValue<T>): Promise<void>;
  close(): Promise<void>;
}

/** The stages that take part, in the order of the data's path. */
export const NEMESIS_STAGES = ['gateway', 'interests', 'index', 'propose', 'rerank', 'feedback'] as const;
const USES_REDIS: ReadonlySet<string> = new Set(['interests', 'rerank', 'feedback']);
/** Stages that others call. */
const CALLED: ReadonlySet<string> = new Set(['gateway', 'interests', 'index', 'rerank']);
export const LOAD_USERS = Array.from({ length: 60 }, (_, i) => `user-${i}`);
const WRITE_RETRY_MS = 60_000;
const BROKER_HEAP = '512m';

/**
 * The clock must neither close slates nor drop actions here, so that rewards are a function of the log. The delay exceeds the shift
 * of any clock, so that no process makes the slates of the others late.
 */
export const FEEDBACK_ENV = {
  TRIBUTARY_FEEDBACK_ATTRIBUTION_MS: '3000',
  TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS: '2000',
  TRIBUTARY_FEEDBACK_SLATE_DELAY_MS: '150000',
  TRIBUTARY_FEEDBACK_IDLE_MS: '86400000',
};
const SETTINGS = {
  ...FEEDBACK_ENV,
  TRIBUTARY_TRENDING_INTERVAL_MS: '1000',
  TRIBUTARY_LOG_LEVEL: 'warn',
};

export async function openWorld(options: WorldOptions): Promise<NemesisWorld> {
  const names = NEMESIS_STAGES.flatMap((stage) =>
    Array.from({ length: options.copies }, (_, i) => ({ name: `${stage}-${i + 1}`, stage })),
  );
  const listeners = new Map<string, ProxiedListener>();
  for (const { name } of names) {
    listeners.set(name, { port: await freePort(), advertisedPort: await freePort() });
  }
  const servers = await startFaultServers({ nodes: 1, heap: BROKER_HEAP, proxied: [...listeners.values()] });
  const closing: Array<() => Promise<unknown> | unknown> = [() => servers.stop()];
  const close = async (): Promise<void> => {
    for (const step of closing.reverse()) await step();
  };
  try {
    Object.assign(process.env, servers.env);
    const namespace = await openTestNamespace();
    closing.push(() => namespace.close());
    await namespace.apply();
    const redis = new Redis(servers.env.REDIS_URL, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    closing.push(() => redis.disconnect());

    const proxies = new Map<string, TcpProxy>();
    closing.push(() => {
      for (const proxy of proxies.values()) proxy.close();
    });
    const members: Member[] = [];
    const balancers = new Map<string, string>();
    for (const stage of CALLED) {
      const port = await freePort();
      balancers.set(urlVariable(stage), localUrl(port));
      let turn = 0;
      const target = (): number | undefined => {
        const ready = members.filter((member) => member.stage === stage && fleet?.isReady(member.name));
        const chosen = ready[turn++ % Math.max(1, ready.length)];
        return chosen === undefined ? undefined : fleet?.portOf(chosen.name);
      };
      proxies.set(`>${stage}`, await startProxy(port, target));
    }
    for (const { name, stage } of names) {
      const { port, advertisedPort } = listeners.get(name)!;
      proxies.set(`${name}>kafka`, await startProxy(advertisedPort, () => port));
      const env: NodeJS.ProcessEnv = {
        ...servers.env,
        ...Object.fromEntries(balancers),
        ...SETTINGS,
        TRIBUTARY_NAMESPACE: namespace.namespace,
        KAFKA_BROKERS: `127.0.0.1:${advertisedPort}`,
      };
      if (USES_REDIS.has(stage)) {
        const proxied = await freePort();
        proxies.set(`${name}>redis`, await startProxy(proxied, () => servers.redis.port));
        env.REDIS_URL = `redis://127.0.0.1:${proxied}`;
      }
      members.push({ name, stage, env });
    }
    const generations: PublishedItems[] = [];
    const write: NemesisWorld['write'] = (topic, key, value) =>
      untilWritten(() =>
        namespace.produce(topic, { key, value: namespace.encode(CATALOG[topic].schema, value as never) }),
      );
    const publishGeneration = async (): Promise<void> => {
      const generation = someGeneration(generations.length, Date.now());
      for (const { key, value } of generation.embeddings) await write('embeddings', key, value);
      await write('releases', generation.name, generation.release);
      generations.push(generation);
    };
    await publishGeneration();

    let fleet: Fleet | undefined;
    const { plant, onCrash } = options;
    fleet = await startFleet({ members, runDirectory: servers.runDirectory, plant, onCrash });
    closing.push(() => fleet.stop());
    await allReady(fleet, members);
    const load = startLoad({
      gateway: balancers.get(urlVariable('gateway'))!,
      random: createRandom(`${options.seed}/load`),
      users: LOAD_USERS,
      items: SHARED_ITEMS,
      ...options,
      ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
    });
    closing.push(() => load.stop());
    return {
      ...{ servers, namespace, redis, fleet, members, proxies, load, generations },
      slowClients: { count: 0 },
      ...{ publishGeneration, write, close },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves when every process answers that it is ready. */
export async function allReady(fleet: Fleet, members: readonly Member[], timeoutMs = 180_000): Promise<void> {
  const late = (): string[] => members.map(({ name }) => name).filter((name) => !fleet.isReady(name));
  await waitFor(() => late().length === 0, { message: 'all processes are ready', timeoutMs }).catch(
    (cause: Error) => {
      throw new Error(`${cause.message}: not ${late().join()}`, { cause });
    },
  );
}

/** The broker may be away for a while. */
async function untilWritten(write: () => Promise<unknown>): Promise<void> {
  await waitFor(
    () =>
      write().then(
        () => true,
        () => false,
      ),
    { message: 'a write of the harness', timeoutMs: WRITE_RETRY_MS },
  );
}
