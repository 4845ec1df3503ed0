import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '#algorithms/random.ts';
import { DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import type { ActionType, Slate, UserAction } from '#contracts/generated/records.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import type { AttributionRules } from '../../services/feedback/attribution.ts';
import { createJoiner, type Joiner } from '../../services/feedback/joiner.ts';
import { MAIN_OBJECTIVE } from '../../services/feedback/objectives.ts';
import { createRedisJoinStore } from '../../services/feedback/redis-store.ts';
import type { Figures } from '../figures/figures.ts';
import { startStack } from '../local/stack.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const SLOTS = 10;
const FEATURES = 12;
/** Messages of a batch, as at 500 slates a second on 12 partitions and ten batches a second. */
const BATCH = 5;
/** A slate closes after so many later ones. */
const WAITING = 5_000;
const SLATE_MS = 100;
const RULES: AttributionRules = {
  windowMs: WAITING * SLATE_MS,
  objectives: [{ name: MAIN_OBJECTIVE, factor: 1, weights: DEFAULT_REWARDS }],
  teachesSilence: false,
  clockToleranceMs: 120_000,
  receiptToleranceMs: 0,
  slateDelayMs: 120_000,
  slateMemoryMs: 2_000_000,
};
/** From then on as many slates close as arrive: they wait for the slate delay and the clock tolerance beyond their window. */
const STEADY = WAITING + (RULES.slateDelayMs + RULES.clockToleranceMs) / SLATE_MS;
const TYPES: readonly ActionType[] = ['view', 'view', 'view', 'click', 'click', 'save', 'buy'];

/**
 * The join of feedback on a Redis of its own, without Kafka: processor time of this process and of Redis for a slate of ten, with
 * an action a slate, while `WAITING` slates of the partition wait; with 2,000 users, and with one who has seen them all.
 */
export async function measure(): Promise<Figures> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const stack = await startStack({ runDirectory });
  Object.assign(process.env, stack.env);
  const redis = await openTestRedis();
  try {
    const manyUsers = await run(redis, { name: 'many', users: 2_000, slates: STEADY + 5_000 });
    const oneUser = await run(redis, { name: 'one', users: 1, slates: STEADY + 1_000 });
    return { manyUsers, oneUser };
  } finally {
    await redis.close();
    await stack.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  }
}

interface Load {
  readonly name: string;
  readonly users: number;
  readonly slates: number;
}

async function run({ redis, key }: TestRedis, { name, users, slates }: Load): Promise<Figures> {
  const random = createRandom(name);
  let rewards = 0;
  const joiner = createJoiner({
    store: createRedisJoinStore({
      redis,
      keyOf: (partition, part) => key(name, `{${partition}}`, part),
      lost: (part) => {
        throw new Error(`${part} is lost`);
      },
    }),
    rules: RULES,
    idleMs: 0,
    async produce(queued) {
      rewards += queued.length;
    },
    countLate: () => undefined,
    countRepeated: () => undefined,
    now: () => START,
    lastSequence: async () => 0,
  });
  await feed(joiner, random, { users, from: 0, to: STEADY });
  const redisBefore = await redisSeconds(redis);
  const before = process.cpuUsage();
  await feed(joiner, random, { users, from: STEADY, to: slates });
  const { user, system } = process.cpuUsage(before);
  const measured = slates - STEADY;
  const redisMicroseconds = ((await redisSeconds(redis)) - redisBefore) * 1e6;
  return {
    microsecondsASlate: Math.round((user + system) / measured),
    redisMicrosecondsASlate: Math.round(redisMicroseconds / measured),
    rewards,
  };
}

async function feed(
  joiner: Joiner,
  random: ReturnType<typeof createRandom>,
  { users, from, to }: { users: number; from: number; to: number },
): Promise<void> {
  for (let start = from; start < to; start += BATCH) {
    const offsets = Array.from({ length: BATCH }, (_, i) => start + i);
    const slates = offsets.map((offset) => messageOf(offset, slateOf(offset, random.integer(users), random)));
    await joiner.applySlates(0, slates);
    const actions = slates.map(({ offset, value }) => messageOf(offset, actionOf(value, random)));
    await joiner.applyActions(0, actions);
  }
}

function messageOf<V extends { userId: string }>(
  offset: number,
  value: V,
): IncomingMessage<V> & { value: V } {
  return { partition: 0, offset, key: value.userId, timestamp: START, value, trace: undefined };
}

function slateOf(index: number, user: number, random: ReturnType<typeof createRandom>): Slate {
  return {
    slateId: `slate-${index}-0123456789abcdef`,
    userId: `user-${user}`,
    servedAt: START + index * SLATE_MS,
    policy: 'thompson(draws=64)',
    observations: index,
    generation: null,
    interestsVersion: index,
    experiment: null,
    ...UNKNOWN_CHOICE,
    featureNames: Array.from({ length: FEATURES }, (_, i) => `feature.${i}`),
    slots: Array.from({ length: SLOTS }, (_, slot) => ({
      itemId: `item-${slot * 2_000 + random.integer(2_000)}`,
      models: ['trending'],
      because: null,
      features: Array.from({ length: FEATURES }, () => random.next()),
      score: 1,
      propensity: 0.5,
      explanation: '',
      conditional: 0.5,
      inclusion: 0.75,
    })),
  };
}

function actionOf(
  { userId, slots, servedAt, slateId }: Slate,
  random: ReturnType<typeof createRandom>,
): UserAction {
  return {
    eventId: slateId,
    userId,
    itemId: slots[random.integer(SLOTS)]!.itemId,
    type: TYPES[random.integer(TYPES.length)]!,
    occurredAt: servedAt + SLATE_MS / 2,
    receivedAt: servedAt + SLATE_MS / 2,
    contextId: null,
    value: null,
    slateId: null,
    slot: null,
  };
}

async function redisSeconds(redis: TestRedis['redis']): Promise<number> {
  const text = await redis.info('cpu');
  const seconds = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1] ?? 0);
  return seconds('used_cpu_user') + seconds('used_cpu_sys');
}
