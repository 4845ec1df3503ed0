import { DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { timestampOf } from '#contracts/domain/action-validity.ts';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import type { ActionType, Slate, UserAction } from '#contracts/generated/records.ts';
import type { AttributionRules } from '../../../../services/feedback/attribution.ts';
import { watchEnds } from '../../../../services/feedback/ends-watch.ts';
import { createHandlers } from '../../../../services/feedback/handlers.ts';
import { createJoiner } from '../../../../services/feedback/joiner.ts';
import { MAIN_OBJECTIVE } from '../../../../services/feedback/objectives.ts';
import { createRecovery, RewardsReading } from '../../../../services/feedback/recovery.ts';
import type { JoinedTopic } from '../../../../services/feedback/store.ts';
import { checkRewards } from '../../checkers/rewards.ts';
import { createJoinStoreIn } from '../../stores/join-store.ts';
import type { Scenario, Seam, Staging } from '../scenario.ts';
import type { SimulatedPorts } from '../simulated-ports.ts';
import type { World } from '../world.ts';

const USERS = ['ann', 'bob', 'cid', 'dan'];
const ITEMS = ['tea', 'mate', 'nail', 'screw'];
const TYPES: readonly ActionType[] = ['view', 'click', 'save', 'buy', 'hide', 'impression'];
const SLATES = 25;
const ACTIONS = 50;
/** Share of slates that are in the log a second time, as after a requeue, and the longest time until then, ms. */
const COPIES = 0.3;
const COPY_MS = 40_000;
/** Beyond it the clock of feedback would close slates before their actions are there. */
const CLOCK_SHIFT_MS = 3_000;
const IDLE_MS = 15_000;
const RETENTION_MS = 86_400_000;
/** Rewards at the end of the log that are compared with the state. */
const NEWEST = 20;

const RULES: AttributionRules = {
  windowMs: 10_000,
  objectives: [{ name: MAIN_OBJECTIVE, factor: 1, weights: DEFAULT_REWARDS }],
  teachesSilence: false,
  clockToleranceMs: 2_000,
  receiptToleranceMs: 0,
  slateDelayMs: 6_000,
  slateMemoryMs: 20_000,
};

/** Rewards, from slates and actions. */
export const feedbackScenario: Scenario = {
  name: 'feedback',
  topics: ['slates', 'actions', 'rewards'],
  anew: ['slates', 'actions'],
  clockShiftMs: CLOCK_SHIFT_MS,
  calmMs: 100_000,
  async begin({ world, random, seam, until }: Staging) {
    for (const name of ['feedback-1', 'feedback-2'])
      world.supervise(name, (ports) => startFeedback(ports, seam));
    const { scheduler } = world;
    const known = new Set<string>();
    for (let i = 0; i < SLATES; i++)
      scheduler.after((until - scheduler.now) * random.next(), () => known.add(show(world, random, i)), null);
    for (let i = 0; i < ACTIONS; i++)
      scheduler.after((until - scheduler.now) * random.next(), () => react(world, random, i), null);
    return async () => {
      const slates = world.read('slates');
      const present = new Set(slates.map(({ value }) => value?.slateId));
      return checkRewards(
        { slates, actions: world.read('actions'), rewards: world.read('rewards') },
        {
          rules: RULES,
          idleMs: IDLE_MS - CLOCK_SHIFT_MS,
          settledUntil: until,
          formerSlates: new Set([...known].filter((id) => !present.has(id))),
          partitions: world.broker.partitions,
        },
      );
    };
  },
};

/** As `services/feedback/main.ts` composes the stage. */
export async function startFeedback(ports: SimulatedPorts, seam: Seam): Promise<void> {
  const store = seam('feedback.store', createJoinStoreIn(ports.values, ports.run));
  const admin = ports.kafka.admin();
  const recovery = seam(
    'feedback.recovery',
    createRecovery({
      store,
      async readLogged(partition) {
        const reading = new RewardsReading();
        for (const { value } of await ports.readAll('rewards', partition))
          if (value !== null) reading.take(value);
        return reading;
      },
      async readNewest(partition) {
        const rewards = await ports.readAll('rewards', partition);
        return Math.max(0, ...rewards.slice(-NEWEST).map(({ value }) => value?.sequence ?? 0));
      },
      retentionMs: RETENTION_MS,
      now: Date.now,
    }),
  );
  const joiner = seam(
    'feedback.joiner',
    createJoiner({
      store: recovery.store,
      rules: RULES,
      idleMs: IDLE_MS,
      produce: (queued) =>
        ports.produceTogether(
          'rewards',
          queued.map(({ reward }) => ({ key: reward.userId, value: reward })),
        ),
      now: Date.now,
      countLate: () => undefined,
      countRepeated: () => undefined,
      lastSequence: recovery.lastSequence,
      bounds: { messages: 4, rewards: 6 },
    }),
  );
  const watch = watchEnds({
    admin,
    topics: { slates: 'slates', actions: 'actions' },
    everyMs: 1_000,
    now: Date.now,
    report: async (partition, ends) => {
      if (recovery.isCompared(partition)) await joiner.tick(partition, ends);
    },
    log: ports.log,
    signal: ports.signal,
    onFailure: (error) => ports.process.fail(error),
  });
  ports.onDrain(() => watch.close());
  await ports.consume('', createHandlers(joiner), {
    onAssigned: watch.own,
    state: seam('feedback.state', {
      readHead: (topic, partition) => recovery.readTopicHead(topic as JoinedTopic, partition),
      writeHead: (topic, partition, head) => store.writeTopicHead(topic as JoinedTopic, partition, head),
      clear: (partition) => joiner.exclusively(partition, () => recovery.clear(partition)),
      isAllOrNothing: true,
      forget() {
        recovery.forget();
        joiner.forget();
      },
      continueWith: recovery.continueWith,
    }),
  });
}

/** @returns the id of the slate */
function show(world: World, random: Staging['random'], index: number): string {
  const servedAt = Math.round(world.scheduler.now - 2_000 * random.next());
  const userId = USERS[random.integer(USERS.length)]!;
  const first = random.integer(ITEMS.length);
  const slate: Slate = {
    slateId: `s${index}`,
    userId,
    servedAt,
    policy: 'greedy',
    observations: 0,
    generation: null,
    interestsVersion: -1,
    experiment: null,
    ...UNKNOWN_CHOICE,
    featureNames: ['bias', 'popularity'],
    slots: Array.from({ length: 1 + random.integer(3) }, (_, slot) => ({
      itemId: ITEMS[(first + slot) % ITEMS.length]!,
      models: ['trending'],
      because: null,
      features: [1, slot / 4],
      score: 1,
      propensity: 0.5,
      explanation: '',
      conditional: 0.5,
      inclusion: 0.75,
    })),
  };
  world.write('slates', userId, slate);
  if (random.next() < COPIES) {
    const topic = world.broker.idOf('slates');
    const copy = (): void => {
      if (world.broker.idOf('slates') === topic) world.write('slates', userId, slate);
    };
    world.scheduler.after(COPY_MS * random.next(), copy, null);
  }
  return slate.slateId;
}

/** An action whose app may have another clock, or may have been offline. */
function react(world: World, random: Staging['random'], index: number): void {
  const receivedAt = Math.round(world.scheduler.now);
  const userId = USERS[random.integer(USERS.length)]!;
  const behind = [0, 3_000 * random.next(), -1_000 * random.next(), 40_000 * random.next()][
    random.integer(4)
  ]!;
  // Few of them name a slate of theirs, and of those few one with the item.
  const named = random.next() < 0.5;
  const action: UserAction = {
    eventId: `e${index}`,
    userId,
    itemId: ITEMS[random.integer(ITEMS.length)]!,
    type: TYPES[random.integer(TYPES.length)]!,
    occurredAt: Math.round(receivedAt - behind),
    receivedAt,
    contextId: null,
    value: null,
    slateId: named ? `s${random.integer(SLATES)}` : null,
    slot: named ? random.integer(3) : null,
  };
  world.write('actions', userId, action, timestampOf(action));
}
