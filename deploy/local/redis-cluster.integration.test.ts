import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { createLogger } from '#platform/observability/logger.ts';
import { connectRedis } from '#platform/redis/client.ts';
import { writeFenced } from '#platform/redis/fenced.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { bringParts } from './parts.mjs';
import { Supervisor } from './processes.ts';
import { type RedisCluster, startRedisCluster } from './redis-cluster.ts';

/** More than enough to have some on each primary. */
const PARTITIONS = 24;

describe('a connection to a Redis Cluster', () => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-redis-cluster-'));
  const supervisor = new Supervisor({ runDirectory });
  const log = createLogger('test', 'silent');
  let cluster: RedisCluster;
  let redis: Redis;
  let reconnections = 0;

  before(async () => {
    const { REDIS_URL: _, ...env } = process.env;
    const parts = await bringParts(['redis'], { env, quiet: true });
    cluster = await startRedisCluster(supervisor, parts.redis!, join(runDirectory, 'data'), 3);
    redis = await connectRedis({ url: cluster.url, log, onReconnected: () => void reconnections++ });
  });

  after(async () => {
    redis?.disconnect();
    await supervisor.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  });

  const keyOf = (partition: number): string => `shop:{interests:${partition}}:head`;
  const write = (partition: number, offset: number): Promise<boolean> =>
    writeFenced(redis, keyOf(partition), { source: 'actions', offset }, { value: `at ${offset}` });
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);

  it('scripts and commands reach the primary of their key, from the address of one node', async () => {
    const written = await Promise.all(partitions.map((partition) => write(partition, 1)));
    assert.ok(written.every(Boolean));
    assert.equal(await write(3, 1), false);
    const values = await Promise.all(partitions.map((partition) => redis.hget(keyOf(partition), 'value')));
    assert.deepEqual(new Set(values), new Set(['at 1']));
    const counts = await Promise.all(
      cluster.ports.map(async (port) => {
        const node = new Redis(port, '127.0.0.1');
        return node.dbsize().finally(() => node.disconnect());
      }),
    );
    assert.ok(
      counts.every((count) => count > 0),
      counts.join(),
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      PARTITIONS,
    );
  });

  it('several keys of a partition change in one transaction', async () => {
    await redis.multi().hset(keyOf(5), 'a', '1').set('shop:{interests:5}:users', 'ann').exec();
    assert.deepEqual(await redis.hgetall(keyOf(5)), { '@actions': '1', value: 'at 1', a: '1' });
  });

  it('writes wait for a primary that is started again, which is reported', async () => {
    const before = reconnections;
    for (const node of [0, 1, 2]) {
      const server = cluster.process(node);
      server?.kill('SIGKILL');
      await server?.exited;
      const writes = Promise.all(partitions.map((partition) => write(partition, 10 + node)));
      await cluster.restart(node);
      assert.ok((await writes).every(Boolean), `node ${node}`);
    }
    await waitFor(() => reconnections >= before + 3, { message: 'each node was reconnected' });
  });

  it('another database than 0 is refused with the remedy', async () => {
    await assert.rejects(connectRedis({ url: `${cluster.url}/2`, log, waitMs: 0 }), (error: Error) =>
      /database/i.test(error.message),
    );
  });

  it('a primary that evicts is refused', async () => {
    const node = new Redis(cluster.ports[2]!, '127.0.0.1');
    await node.config('SET', 'maxmemory', '100mb');
    await node.config('SET', 'maxmemory-policy', 'allkeys-lru');
    node.disconnect();
    await assert.rejects(connectRedis({ url: cluster.url, log }), { code: 'redis.evicts' });
  });
});
