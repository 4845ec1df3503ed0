import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { NemesisFault } from './schedule.ts';
import { sendSlowly } from './slow-client.ts';
import type { NemesisWorld } from './world.ts';

const SLOW_CLIENT_MS = 500;
/** The drain deadline of a stage, and some seconds in which a busy machine ends a process. */
const DRAIN_MS = 30_000;
/** Longest absence of a server; a longer one is a stall. */
const MAX_DOWN_MS = 5_000;

/** The copies of Redis that a wave may restore. */
const OLDER = 'older.rdb';
const NEWER = 'newer.rdb';

/**
 * Causes a fault, and resolves when it has ended.
 * @returns what was wrong already, such as a process that did not end
 */
export async function applyFault(fault: NemesisFault, world: NemesisWorld): Promise<string | undefined> {
  await delay(fault.startMs);
  const { kind, target, durationMs, amountMs } = fault;
  const { fleet } = world;
  switch (kind) {
    case 'kill':
      fleet.signal(target, 'SIGKILL');
      return undefined;
    case 'stop':
      fleet.signal(target, 'SIGSTOP');
      await delay(durationMs);
      fleet.signal(target, 'SIGCONT');
      return undefined;
    case 'clock':
      fleet.shiftClock(target, amountMs);
      return terminate(world, target);
    case 'term': {
      world.slowClients.count++;
      void sendSlowly(fleet.portOf(target));
      await delay(SLOW_CLIENT_MS);
      return terminate(world, target);
    }
    case 'flip':
      await world.publishGeneration();
      return undefined;
    case 'cut':
      world.proxies.get(target)!.cut();
      return undefined;
    case 'delay':
    case 'black-hole':
    case 'lose-answers':
    case 'refuse': {
      const proxy = world.proxies.get(target)!;
      proxy.set(kind === 'delay' ? { kind, ms: amountMs } : { kind });
      await delay(durationMs);
      proxy.set({ kind: 'pass' });
      return undefined;
    }
    case 'kafka-stall':
    case 'kafka-kill':
      return hurtKafka(fault, world);
    case 'redis-stall':
    case 'redis-restart':
    case 'redis-empty':
    case 'redis-older':
      return hurtRedis(fault, world);
  }
}

async function terminate({ fleet }: NemesisWorld, name: string): Promise<string | undefined> {
  const ended = fleet.ended(name).then(() => true);
  fleet.signal(name, 'SIGTERM');
  if (await Promise.race([ended, delay(DRAIN_MS, false)])) return undefined;
  fleet.signal(name, 'SIGKILL');
  return `${name} did not end within ${DRAIN_MS / 1_000} s of SIGTERM`;
}

async function hurtKafka(
  { kind, durationMs }: NemesisFault,
  { servers: { kafka } }: NemesisWorld,
): Promise<undefined> {
  const broker = kafka.process(0)!;
  if (kind === 'kafka-stall') {
    broker.kill('SIGSTOP');
    await delay(durationMs);
    broker.kill('SIGCONT');
    return;
  }
  broker.kill('SIGKILL');
  await broker.exited;
  await delay(Math.min(durationMs, MAX_DOWN_MS));
  await kafka.restart(0);
}

async function hurtRedis(
  { kind, durationMs }: NemesisFault,
  { servers: { redis: server }, redis }: NemesisWorld,
): Promise<undefined> {
  const redisProcess = server.process!;
  if (kind === 'redis-stall') {
    redisProcess.kill('SIGSTOP');
    await delay(durationMs);
    redisProcess.kill('SIGCONT');
    return;
  }
  if (kind === 'redis-empty') {
    await redis.flushall();
    return;
  }
  if (kind === 'redis-restart') {
    await saveAndExit(server.port);
  } else {
    redisProcess.kill('SIGKILL');
  }
  await redisProcess.exited;
  if (kind === 'redis-older') copyFileSync(join(server.data, OLDER), join(server.data, 'dump.rdb'));
  await delay(Math.min(durationMs, MAX_DOWN_MS));
  await server.restart();
}

/**
 * Lets Redis save everything and exit in one step, so that nothing is lost. The connection ends without an answer; one that
 * reconnects would send the command again.
 */
async function saveAndExit(port: number): Promise<void> {
  const once = new Redis(port, '127.0.0.1', { retryStrategy: () => null });
  once.on('error', () => undefined);
  await once.shutdown('SAVE').catch(() => undefined);
  once.disconnect();
}

/** Keeps a copy of Redis, and the one before it, which `redis-older` restores. */
export async function keepRedisCopy({ servers: { redis: server }, redis }: NemesisWorld): Promise<void> {
  const [dump, older, newer] = ['dump.rdb', OLDER, NEWER].map((name) => join(server.data, name));
  await redis.save();
  copyFileSync(existsSync(newer!) ? newer! : dump!, older!);
  copyFileSync(dump!, newer!);
}
