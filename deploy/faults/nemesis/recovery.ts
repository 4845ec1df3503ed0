import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '#platform/testing/wait-for.ts';
import { CATALOG } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { Fleet } from './fleet.ts';
import { SHARED_ITEMS } from './generations.ts';
import type { Load } from './load.ts';
import { allReady, type NemesisWorld } from './world.ts';

const POLL_MS = 250;
const TIMEOUT_MS = 180_000;
const BACK_TIMEOUT_MS = 300_000;

/** Returns a user of each partition. */
export function usersOfPartitions(prefix: string): string[] {
  const count = CATALOG.actions.partitions;
  return Array.from({ length: count }, (_, partition) => {
    for (let i = 0; ; i++) if (partitionOfKey(`${prefix}-${i}`, count) === partition) return `${prefix}-${i}`;
  });
}

/** Resolves when a process that has ended was started again and is ready. @param pid its process before */
export async function comesBack(fleet: Fleet, name: string, pid: number | undefined): Promise<void> {
  await waitFor(() => fleet.pidOf(name) !== pid && fleet.pidOf(name) !== undefined && fleet.isReady(name), {
    message: `${name} is back`,
    timeoutMs: BACK_TIMEOUT_MS,
  });
}

const PROBES = usersOfPartitions('probe');

/**
 * Resolves when every process is ready, and a new action of a user of each partition has gone the whole way: acknowledged by
 * the gateway, and reflected in a slate.
 * @throws Error that names what has not recovered
 */
export async function recovered(world: NemesisWorld, round: string): Promise<void> {
  await allReady(world.fleet, world.members, TIMEOUT_MS);
  await probesReachSlates(world.load, round);
}

/**
 * Resolves when a new action of a user of each partition is acknowledged and reflected in a slate.
 * @throws Error that names what has not recovered
 */
export async function probesReachSlates(load: Pick<Load, 'act' | 'visit'>, round: string): Promise<void> {
  await Promise.all(PROBES.map((userId) => probe(load, userId, round)));
}

async function probe(load: Pick<Load, 'act' | 'visit'>, userId: string, round: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  const action = { eventId: `${userId}/${round}`, userId, itemId: SHARED_ITEMS[0]!, type: 'view' };
  let offset: number | undefined;
  while (performance.now() < deadline) {
    offset ??= (await load.act(action))?.offset;
    if (offset !== undefined && ((await load.visit(userId))?.interestsVersion ?? -1) >= offset) return;
    await delay(POLL_MS);
  }
  throw new Error(
    offset === undefined
      ? `an action of ${userId} was not acknowledged within ${TIMEOUT_MS / 1_000} s`
      : `no slate of ${userId} reflected offset ${offset} within ${TIMEOUT_MS / 1_000} s`,
  );
}
