import { EVERYONE } from '#contracts/domain/ids.ts';
import { columnsOf, combineProposals, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { EXPOSURES, type Reward, type Slate } from '#contracts/generated/records.ts';
import { stateOf } from '../../../../services/rerank/held-state.ts';
import { createLearner } from '../../../../services/rerank/learning/learner.ts';
import { readPosterior } from '../../../../services/rerank/learning/posterior.ts';
import { refreshing } from '../../../../services/rerank/learning/refresh.ts';
import type { LearningTerms } from '../../../../services/rerank/learning/rewards.ts';
import { greedy } from '../../../../services/rerank/policies/greedy.ts';
import { applyProposals } from '../../../../services/rerank/pools/apply-proposals.ts';
import { type HeldProposal, newestProposals } from '../../../../services/rerank/pools/pool.ts';
import type { PoolStore } from '../../../../services/rerank/pools/store.ts';
import { PreparedCandidates } from '../../../../services/rerank/prepared-candidates.ts';
import { composeSlate, type ServedPolicy } from '../../../../services/rerank/slate.ts';
import { createSlateCalls } from '../../../../services/rerank/slate-calls.ts';
import { byPartition } from '../../checkers/log-record.ts';
import { type AnsweredSlate, checkAnswers, checkGenerations } from '../../checkers/slates.ts';
import { checkStatistics, foldRewards } from '../../checkers/statistics.ts';
import { createPoolStoreIn, POOLS, type StoredPool } from '../../stores/pool-store.ts';
import { createStatisticsStoreIn, STATISTICS, type StoredStatistics } from '../../stores/statistics-store.ts';
import type { Scenario, Seam, Staging } from '../scenario.ts';
import type { SimulatedPorts } from '../simulated-ports.ts';
import type { World } from '../world.ts';

const USERS = ['ann', 'bob', 'cid', 'dan'];
const ITEMS = ['tea', 'mate', 'nail', 'screw', 'rope'];
const MODELS = ['medoid-neighbours', 'sequence', 'trending'];
const PROPOSALS = 40;
const REWARDS = 40;
/** Time between two visits, ms. */
const VISIT_MS = 400;
const WAIT_MS = 1_000;
/** Of a rewarded slate. */
const SLOTS = 2;
/** So short that rewards are forgotten meanwhile. */
const TERMS: LearningTerms = { halfLifeMs: 12_000, interactions: ['at.history'] };

/** Pools, statistics and slates, from proposals and rewards. */
export const rerankScenario: Scenario = {
  name: 'rerank',
  topics: ['proposals', 'rewards', 'slates', 'interests'],
  anew: ['rewards'],
  clockShiftMs: 60_000,
  calmMs: 70_000,
  async begin({ world, random, seam, until }: Staging) {
    const visits: Visits = { answered: [], failed: 0 };
    for (const name of ['rerank-1', 'rerank-2'])
      world.supervise(name, (ports) => startRerank(ports, seam, visits, until));
    const { scheduler } = world;
    const propose = proposer(world, random.fork('proposals'));
    for (let i = 0; i < PROPOSALS; i++)
      scheduler.after((until - scheduler.now) * random.next(), propose, null);
    const reward = rewarder(world, random.fork('rewards'));
    for (let i = 0; i < REWARDS; i++) scheduler.after((until - scheduler.now) * random.next(), reward, null);
    return async () => {
      const { partitions } = world.broker;
      const stored = world.values.under<StoredStatistics>(STATISTICS);
      const held = new Map([...stored].map(([partition, one]) => [Number(partition), one]));
      const slates = world.read('slates');
      return [
        ...checkStatistics(held, await foldRewards(world.read('rewards'), partitions, TERMS)),
        ...checkPools(world),
        // Each failed visit and each killed process may leave the slates of its visits in the log.
        ...checkAnswers(visits.answered, slates, visits.failed + 2 * world.restarts).faults,
        ...checkGenerations({
          slates,
          proposals: world.read('proposals'),
          interests: world.read('interests'),
        }),
      ];
    };
  },
};

interface Visits {
  readonly answered: AnsweredSlate[];
  failed: number;
}

/** As `services/rerank/main.ts` composes the stage; its callers are in the same process. */
async function startRerank(ports: SimulatedPorts, seam: Seam, visits: Visits, until: number): Promise<void> {
  const pools = seam('rerank.pools', createPoolStoreIn(ports.values, ports.run));
  const statistics = seam('rerank.statistics', createStatisticsStoreIn(ports.values, ports.run));
  const learner = seam(
    'rerank.learner',
    createLearner({ store: statistics, terms: TERMS, count: () => undefined }),
  );
  const { partitions } = ports;
  const served = await refreshing({
    read: async (): Promise<ServedPolicy> => {
      const prior = { ...TERMS, priorDeviation: 1, noiseVariance: 0.1 };
      const { posterior, observations } = await readPosterior(statistics, partitions, prior);
      return { label: 'greedy', policy: greedy.create(posterior, {}), observations };
    },
    everyMs: 5_000,
    signal: ports.signal,
    onFailure: (error) => ports.process.fail(error),
  });
  const calls = seam(
    'rerank.calls',
    createSlateCalls({ maxCalls: 4, count: () => undefined, now: () => performance.now() }),
  );
  await ports.consume(
    'rerank.pools',
    {
      proposals: (batch) => applyProposals(batch, { store: pools, fresh: () => undefined, now: Date.now }),
    },
    { state: stateOf(pools, () => undefined) },
  );
  await ports.consume(
    'rerank.rewards',
    { rewards: learner.learn },
    { onAssigned: learner.forget, state: seam('rerank.rewards.state', stateOf(statistics, learner.forget)) },
  );
  let visit = 0;
  const offered = { version: 0, has: () => true };
  const prepared = new PreparedCandidates({ excludeRecent: true, offered });
  const compose = (pool: Awaited<ReturnType<PoolStore['read']>>, userId: string, slateId: string): Slate => {
    const now = Date.now();
    const candidates = prepared.of(pool, now);
    return composeSlate({ slateId, userId, size: 3, pool, candidates, served: served.current, now });
  };
  const timer = setInterval(() => {
    if (ports.process.scheduler.now > until) return;
    visit += 1;
    const userId = USERS[visit % USERS.length]!;
    const slateId = `${ports.process.name}/${visit}`;
    calls
      .serve(
        { waitMs: WAIT_MS, isThere: () => true },
        {
          readPool: () => pools.read(userId),
          compose: (pool) => compose(pool, userId, slateId),
          publish: (slate) => seam('rerank.publish', ports.produce)('slates', userId, slate),
        },
      )
      .then(
        ({ slateId, slots }) => visits.answered.push({ slateId, itemIds: slots.map(({ itemId }) => itemId) }),
        () => (visits.failed += 1),
      );
  }, VISIT_MS);
  ports.onDrain(async () => clearInterval(timer));
}

/** Returns a line for each pool that does not hold the newest proposal of each model. */
function checkPools(world: World): string[] {
  const held = world.values.under<StoredPool>(POOLS);
  const faults: string[] = [];
  for (const records of byPartition(world.read('proposals'), world.broker.partitions).values()) {
    const logged = records.flatMap(({ offset, value }): HeldProposal[] =>
      value === null ? [] : columnsOf(value).map((proposal) => ({ offset, proposal })),
    );
    for (const { offset, proposal } of newestProposals(logged)) {
      const { userId, model } = proposal;
      const found = held.get(userId)?.proposals.get(model);
      if (found?.offset !== offset)
        faults.push(`the pool of ${userId} holds ${model} at offset ${found?.offset}, not ${offset}`);
    }
  }
  return faults;
}

/** Writes proposals of growing versions; a late one may answer older interests, and after a while another generation serves. */
function proposer(world: World, random: Staging['random']): () => void {
  let version = 0;
  return () => {
    version += 1;
    const model = MODELS[random.integer(MODELS.length)]!;
    const userId = model === 'trending' ? EVERYONE : USERS[random.integer(USERS.length)]!;
    const { now } = world.scheduler;
    const generation = model === 'medoid-neighbours' ? (version > PROPOSALS / 2 ? 'g2' : 'g1') : null;
    const answered = userId === EVERYONE ? -1 : Math.max(0, version - random.integer(3));
    const proposal: ModelProposal = {
      userId,
      model,
      generation,
      version: answered,
      receivedAt: Math.round(now),
      items: Array.from({ length: 2 }, (_, i) => ({
        itemId: ITEMS[(version + i) % ITEMS.length]!,
        score: 1 / (i + 1),
        because: null,
        popularity: 0.5,
        explanation: '',
      })),
      recent: [],
      explanation: '',
      interestsOffset: -1,
      interestsAt: 0,
    };
    if (generation !== null)
      world.write('interests', userId, {
        userId,
        version: answered,
        generation,
        streamTime: Math.round(now),
        receivedAt: Math.round(now),
        medoids: [],
        recent: [],
        windowSize: 1,
        unknownItems: 0,
        types: [],
        recentTypes: [],
        repeats: [],
      });
    // A pass of several models, or one of them that was late.
    const others = userId === EVERYONE || version % 2 === 0 ? [] : [{ ...proposal, model: 'behaviour' }];
    world.write('proposals', userId, combineProposals([proposal, ...others]));
  };
}

/** Writes rewards in order, and some of them again, as feedback does after a crash. */
function rewarder(world: World, random: Staging['random']): () => void {
  const written = new Map<string, Reward[]>();
  return () => {
    const userId = USERS[random.integer(USERS.length)]!;
    const place = world.partitionOf(userId);
    const ours = written.get(place) ?? [];
    written.set(place, ours);
    if (ours.length > 0 && random.next() < 0.15) {
      for (const reward of ours.slice(-3)) world.write('rewards', reward.userId, reward);
      return;
    }
    const sequence = ours.length + 1;
    const slot = ours.length % SLOTS;
    const slateId = `${place}.${sequence - slot}`;
    const reward: Reward = {
      rewardId: `${slateId}/${slot}`,
      sequence,
      slateId,
      userId,
      itemId: 'tea',
      slot,
      reward: random.next(),
      actionType: 'click',
      delay: 1,
      features: [1, random.next(), 0.5],
      featureNames: [
        'bias',
        Math.floor(ours.length / SLOTS) % 2 === 0 ? 'popularity' : 'trending.score',
        'at.history',
      ],
      propensity: 0.5,
      servedAt: Math.round(world.scheduler.now),
      exposure: EXPOSURES[random.integer(2 * EXPOSURES.length)] ?? 'seen',
      outcomes: {},
      learner: '',
      slots: SLOTS,
    };
    ours.push(reward);
    world.write('rewards', userId, reward);
  };
}
