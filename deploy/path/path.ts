import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl, urlVariable } from '#stages/stages.ts';
import type { TopicName, TopicValue } from '#topics/catalog.ts';
import { CATALOG } from '#topics/catalog.ts';
import { groupLags } from '#topics/lag.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { freePort } from '../local/ports.ts';
import { type Stages, startStages } from '../local/stages.ts';
import { type Placed, readAll } from './read-all.ts';

/** A part of the data's path, as processes on real servers, in a namespace of its own. */
export interface Path {
  readonly namespace: TestNamespace;
  readonly redis: Redis;
  readonly stages: Stages;
  /** Calls a stage over HTTP; the answer's body is parsed. */
  call(
    stage: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }>;
  /** Everything in a topic now, in the order of each partition; tombstones left out. */
  read<T extends TopicName>(topic: T): Promise<Array<Placed<TopicValue<T>>>>;
  /** Writes a value under its key, to the given partition or the key's own. */
  write<T extends TopicName>(topic: T, key: string, value: TopicValue<T>, partition?: number): Promise<void>;
  /** Resolves when every consumer group of the stages has read and committed all that is there. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

const LONG_MS = 120_000;

/**
 * @param prepare runs when the topics are there and before the stages start
 * @param patienceMs longest time until a stage is ready, and until all groups have caught up
 */
export async function openPath(
  names: readonly string[],
  settings: Readonly<Record<string, string>>,
  prepare: (path: Pick<Path, 'namespace' | 'write'>) => Promise<void> = async () => {},
  patienceMs: number = LONG_MS,
): Promise<Path> {
  const namespace = await openTestNamespace();
  await namespace.apply();
  const write: Path['write'] = async (topic, key, value, partition) => {
    const encoded = namespace.encode(CATALOG[topic].schema, value as never);
    await namespace.produce(topic, {
      key,
      value: encoded,
      ...(partition === undefined ? {} : { partition }),
    });
  };
  await prepare({ namespace, write });

  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-e2e-'));
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()])));
  const peers = names.map((name) => [urlVariable(name), localUrl(ports[name]!)]);
  const stages = await startStages({
    names,
    ports,
    runDirectory,
    readyTimeoutMs: patienceMs,
    env: { TRIBUTARY_NAMESPACE: namespace.namespace, ...Object.fromEntries(peers), ...settings },
  });
  // A stage is ready once it has joined its groups.
  const groups = await groupsOf(namespace);
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');

  return {
    namespace,
    redis,
    stages,
    write,
    async call(stage, method, path, body) {
      const response = await fetch(`${localUrl(stages.ports[stage]!)}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: response.status, body: await response.json() };
    },
    read: (topic) => readAll(namespace, topic),
    async caughtUp() {
      let behind = '';
      await waitFor(
        async () => {
          const lags = await groupLags(namespace.kafka, namespace.namespace);
          // A group that has just lost its members, and has committed nothing, is not in the list.
          const listed = new Set(lags.map(({ group }) => group));
          const missing = [...groups].filter((group) => !listed.has(group));
          const late = lags
            .filter(({ lag }) => lag > 0)
            .map(({ group, topic, lag }) => `${group} ${lag} of ${topic}`);
          behind = [...missing, ...late].join(', ');
          return behind === '';
        },
        { message: 'all groups without lag', timeoutMs: patienceMs },
      ).catch((error: Error) => {
        throw new Error(`${error.message}: ${behind}`, { cause: error });
      });
    },
    async close() {
      await stages.stop();
      await redis.quit();
      await namespace.close();
      rmSync(runDirectory, { recursive: true, force: true });
    },
  };
}

/** The consumer groups of a namespace that read anything. */
async function groupsOf({ kafka, namespace }: TestNamespace): Promise<Set<string>> {
  return new Set((await groupLags(kafka, namespace)).map(({ group }) => group));
}

/** A fresh event id. */
export function eventId(): string {
  return randomUUID();
}
