import type { Redis } from 'ioredis';
import { StateLost } from '#platform/kafka/held-state.ts';
import { changeHead, INCARNATION } from '#platform/redis/heads.ts';
import { runScript, runScriptForBuffers } from '#platform/redis/script.ts';
import { COMMIT, FORMER_PARTS, PARTS, READ, STATE_FIELDS, TRIM } from './join-scripts.ts';
import { commitParameters, parseFound, readParameters } from './redis-values.ts';
import { parseReward } from './slate-bytes.ts';
import {
  EMPTY_HEAD,
  type JoinFound,
  type LostPart,
  type QueuedReward,
  type RebuildableJoinStore,
  type ReportLost,
} from './store.ts';

/** Field of the hash `join` of a partition whose state was once deleted. */
const CLEARED_AT = 'clearedAt';

/** The parts that READ finds to be lost, by its answer. */
const LOST: readonly LostPart[] = ['slates', 'slates', 'outbox'];

export function createRedisJoinStore(options: {
  redis: Redis;
  keyOf: (partition: number, part: string) => string;
  lost: ReportLost;
  /** Called when the state of an earlier version is deleted, to be made again from the log. */
  replaced?: (partition: number) => void;
}): RebuildableJoinStore {
  const { redis, keyOf, lost, replaced } = options;
  const keysOf = (partition: number): string[] => PARTS.map((part) => keyOf(partition, part));

  /** Without these fields the state counts as missing, so that the next comparison with the log rebuilds all of it. */
  async function lose(partition: number, part: LostPart): Promise<never> {
    lost(part, partition);
    await redis.hdel(keyOf(partition, 'join'), ...STATE_FIELDS);
    throw new StateLost(undefined, -1);
  }

  /** @returns the result of the work; the part is lost if it throws */
  async function readable<T>(partition: number, part: LostPart, work: () => T): Promise<T> {
    try {
      return work();
    } catch {
      return lose(partition, part);
    }
  }

  return {
    async readHead(partition) {
      const fields = await redis.hgetall(keyOf(partition, 'join'));
      const { incarnation: _, ...numbers } = EMPTY_HEAD;
      const held = Object.entries(numbers).map(
        ([name, none]) => [name, Number(fields[name] ?? none)] as const,
      );
      return { ...EMPTY_HEAD, ...Object.fromEntries(held), incarnation: fields[INCARNATION] };
    },
    async read(partition, request) {
      const answer = await runScriptForBuffers(redis, READ, keysOf(partition), readParameters(request));
      const [isLost, ...parts] = answer as [number, ...unknown[]];
      if (isLost !== 0) return lose(partition, LOST[isLost] ?? 'slates');
      return readable<JoinFound>(partition, 'slates', () => parseFound(request, parts));
    },
    async commit(partition, change) {
      const written = await runScript(redis, COMMIT, keysOf(partition), commitParameters(change));
      return written === 1 ? { head: change.head, rewards: change.rewards } : undefined;
    },
    async readOutbox(partition, limit) {
      const held = await redis.zrangeBuffer(keyOf(partition, 'rewards'), '0', String(limit - 1));
      return readable<QueuedReward[]>(partition, 'outbox', () => held.map(parseReward));
    },
    async trimOutbox(partition, sequence) {
      const keys = [keyOf(partition, 'join'), keyOf(partition, 'rewards')];
      await runScript(redis, TRIM, keys, [sequence]);
    },
    async readTopicHead(topic, partition) {
      const names = [`${topic}Offset`, `topic:${topic}`, INCARNATION];
      const [offset, topicId, incarnation] = await redis.hmget(keyOf(partition, 'join'), ...names);
      if (offset === null || offset === undefined) return undefined;
      return {
        offset: Number(offset),
        topicId: topicId ?? undefined,
        incarnation: incarnation ?? undefined,
      };
    },
    writeTopicHead(topic, partition, head) {
      const fields = { [`${topic}Offset`]: head.offset, [`topic:${topic}`]: head.topicId };
      return changeHead(redis, keyOf(partition, 'join'), head, fields);
    },
    async clear(partition, now) {
      const former = FORMER_PARTS.map((part) => keyOf(partition, part));
      const deleted = await redis.unlink(...former);
      if (deleted > 0) replaced?.(partition);
      await redis
        .multi()
        .unlink(...keysOf(partition))
        .hset(keyOf(partition, 'join'), CLEARED_AT, String(now))
        .exec();
    },
    async noteCleared(partition, now) {
      await redis.hsetnx(keyOf(partition, 'join'), CLEARED_AT, String(now));
    },
    async clearedAt(partition) {
      return Number((await redis.hget(keyOf(partition, 'join'), CLEARED_AT)) ?? 0);
    },
  };
}
