import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { timestampOf } from '#contracts/domain/action-validity.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import {
  ACTION_TYPES,
  type ItemEmbedding,
  type Release,
  type UserAction,
  type UserInterests,
} from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { InterestsConfig } from '../../../../services/interests/config.ts';
import { heldInterests } from '../../../../services/interests/held-state.ts';
import { createProcessor } from '../../../../services/interests/processor.ts';
import { Refresher } from '../../../../services/interests/refresher.ts';
import { LogVectors } from '../../../../services/interests/vectors/log-vectors.ts';
import { checkWindows, foldActions, spaceOf } from '../../checkers/windows.ts';
import {
  createInterestsStoreIn,
  encodeInterestsText,
  storedInterests,
} from '../../stores/interests-store.ts';
import type { Scenario, Seam, Staging } from '../scenario.ts';
import type { SimulatedPorts } from '../simulated-ports.ts';
import type { World } from '../world.ts';

const DAY = 86_400_000;
const USERS = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'];
const ANGLES: Readonly<Record<string, number>> = { tea: 0, mate: 0.2, nail: 3.1, screw: 2.9, rope: 1.5 };
const ITEMS = Object.keys(ANGLES);
const ACTIONS = 60;

export const SIMULATED_INTERESTS: InterestsConfig = {
  windowDays: 90,
  windowMaximum: 12,
  lambdaPerDay: 0.01,
  actionWeights: DEFAULT_ACTION_WEIGHTS,
  recentMaximum: 100,
  refreshUsersPerSecond: 1_000,
  hotUsersMib: 1,
  vectorCacheItems: 0,
  indexUrls: [],
};

/** Windows, medoids and interests, from actions. */
export const interestsScenario: Scenario = {
  name: 'interests',
  topics: ['actions', 'interests', 'embeddings', 'releases'],
  anew: ['actions'],
  clockShiftMs: 60_000,
  calmMs: 70_000,
  async begin({ world, random, seam, until }: Staging) {
    const flips = random.next() < 0.3;
    publishSimulatedGeneration(world, 'g1', 'active', ITEMS);
    for (const name of ['interests-1', 'interests-2'])
      world.supervise(name, (ports) => startInterests(ports, seam));
    const { scheduler } = world;
    for (let i = 0; i < ACTIONS; i++)
      scheduler.after((until - scheduler.now) * random.next(), () => act(world, random, i), null);
    if (flips)
      scheduler.after(
        (until - scheduler.now) * random.next(),
        () => publishSimulatedGeneration(world, 'g2', 'active', ITEMS),
        null,
      );
    return async () => {
      const space = spaceOf(world.read('releases'), world.read('embeddings'));
      const { partitions } = world.broker;
      const options = { config: SIMULATED_INTERESTS, space, now: scheduler.now, partitions };
      const expected = await foldActions(world.read('actions'), options);
      const held = storedInterests(world.values);
      return checkWindows(held, expected, flips ? 'items' : 'all');
    };
  },
};

/** As `services/interests/main.ts` composes the stage. */
export async function startInterests(ports: SimulatedPorts, seam: Seam): Promise<void> {
  const store = seam('interests.store', createInterestsStoreIn(ports.values, ports.run));
  const vectors = new LogVectors({
    onFlip: () => refresher.request(),
    onVector: () => refresher.request(),
    onInvalid: () => undefined,
  });
  const processor = seam(
    'interests.processor',
    createProcessor({
      config: SIMULATED_INTERESTS,
      store,
      servedSpace: () => vectors.served,
      encode: encodeInterestsText,
      publish: (userId, encoded) =>
        ports.produce('interests', userId, JSON.parse(Buffer.from(encoded).toString()) as UserInterests),
      count: () => undefined,
      countUsers: () => undefined,
      now: Date.now,
    }),
  );
  const refresher = new Refresher({
    processor,
    log: ports.log,
    signal: ports.signal,
    onFailure: (error) => ports.process.fail(error),
    usersPerSecond: SIMULATED_INTERESTS.refreshUsersPerSecond,
    served: () => vectors.served?.generation,
  });
  ports.onDrain(() => refresher.close());
  await Promise.all([
    ports.follow('releases', ({ key, value }) => vectors.applyRelease(key, value)),
    ports.follow('embeddings', ({ key, value }) => vectors.applyEmbedding(key, value)),
  ]);
  vectors.markCaughtUp();
  await ports.consume(
    '',
    { actions: { together: processor.together } },
    {
      onAssigned(partitions) {
        processor.forgetPartitions();
        refresher.assign(partitions);
      },
      state: seam('interests.state', heldInterests({ store, processor, refresher })),
    },
  );
}

/** One action of the past hundred days, seldom a second time, or one that nobody can read. */
export function act(world: World, random: Staging['random'], index: number): void {
  const userId = USERS[random.integer(USERS.length)]!;
  if (random.next() < 0.03) {
    world.poison('actions', userId);
    return;
  }
  const receivedAt = world.scheduler.now;
  const age = [0, random.next() * 60_000, random.next() * 100 * DAY][random.integer(3)]!;
  const action: UserAction = {
    eventId: `e${random.next() < 0.1 ? random.integer(index + 1) : index}`,
    userId,
    itemId: ITEMS[random.integer(ITEMS.length)]!,
    type: ACTION_TYPES[random.integer(ACTION_TYPES.length)]!,
    occurredAt: Math.round(receivedAt - age),
    receivedAt: Math.round(receivedAt),
    contextId: null,
    value: null,
    slateId: null,
    slot: null,
  };
  world.write('actions', userId, action, timestampOf(action));
}

/** Embeddings of a generation, whose items lie where they lie in every other one, and its release. */
export function publishSimulatedGeneration(
  world: World,
  generation: string,
  state: Release['state'],
  itemIds: readonly string[],
): void {
  for (const itemId of itemIds) {
    const angle = ANGLES[itemId] ?? 0;
    const vector = encodeVector(Float32Array.of(Math.cos(angle), Math.sin(angle)));
    const embedding: ItemEmbedding = { generation, itemId, vector, origin: 'trained', basis: null };
    world.write('embeddings', embeddingKey(embedding), embedding);
  }
  world.write('releases', generation, releaseOf(generation, state, itemIds.length, world.scheduler.now));
}

export function releaseOf(
  generation: string,
  state: Release['state'],
  itemCount: number,
  now: number,
): Release {
  return {
    generation,
    state,
    dimension: 2,
    alpha: 1,
    itemCount,
    actionCount: 0,
    createdAt: now,
    updatedAt: now,
    metrics: {},
    modelCard: '{}',
    reason: null,
    follows: null,
  };
}
