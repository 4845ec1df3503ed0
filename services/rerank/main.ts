import { ExperimentBook } from '#contracts/domain/experiments.ts';
import { TributaryError } from '#contracts/errors.ts';
import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { ItemFacts } from './availability/item-facts.ts';
import { OfferedItems } from './availability/offered-items.ts';
import { readRerankConfig } from './config.ts';
import { createContexts } from './context.ts';
import { selectArmPolicy } from './experiments/arm-policy.ts';
import { declareExperiment } from './experiments/served-arm.ts';
import { policiesOfPosterior } from './experiments/served-policies.ts';
import { stateOf } from './held-state.ts';
import { addInspectRoutes } from './inspect-routes.ts';
import { createLearner } from './learning/learner.ts';
import { createPosteriorReader } from './learning/posterior.ts';
import { createRedisStatisticsStore } from './learning/redis-store.ts';
import { refreshing } from './learning/refresh.ts';
import { createRerankMetrics, observeFreshness } from './metrics.ts';
import { applyProposals } from './pools/apply-proposals.ts';
import { createRedisPoolStore } from './pools/redis-store.ts';
import { PreparedCandidates } from './prepared-candidates.ts';
import { addSlateRoute } from './routes.ts';
import { createSlateCalls } from './slate-calls.ts';
import { createSlateChooser } from './slate-chooser.ts';

/** Rewards count from the next refresh of the policy on, which comes every half second by default. */
const LEARNING_REST_MS = 100;
/**
 * Longest time until the write of a slate begins that was answered before. The client may repeat a write for a minute, and feedback joins no slate that comes more
 * than two minutes late by default (`TRIBUTARY_FEEDBACK_SLATE_DELAY_MS`).
 */
const WRITTEN_WITHIN_MS = 30_000;

await runStage(STAGES.rerank, async (stage) => {
  const config = readRerankConfig();
  const metrics = createRerankMetrics(stage.metrics.registry);
  const redis = await stage.connectRedis();
  const userPartitions = await stage.partitionsOf('proposals');
  const pools = createRedisPoolStore({
    redis,
    keyOf: (userId) => stage.key('rerank', 'pool', `{${partitionOfKey(userId, userPartitions)}}`, userId),
    headKeyOf: (partition) => stage.key('rerank', 'pools', `{${partition}}`),
    keepMs: config.poolDays * 86_400_000,
    cachedCandidates: config.cachedCandidates,
    sharedForMs: config.sharedForMs,
    encode: (proposal) => stage.codec.encode('Proposal', proposal),
    decode: (bytes) => stage.codec.decode('Proposal', bytes),
  });
  const statistics = createRedisStatisticsStore({
    redis,
    keyOf: (partition) => stage.key('rerank', 'statistics', String(partition)),
    terms: config.terms,
  });
  const learner = createLearner({
    store: statistics,
    terms: config.terms,
    count: (outcome) => metrics.rewards.inc({ outcome }),
    noteShown: pools.noteShown,
  });
  const terms = { ...config, ...config.terms };
  const readLearned = createPosteriorReader(statistics, userPartitions, terms);
  const served = await refreshing({
    read: policiesOfPosterior(readLearned, config),
    everyMs: config.refreshMs,
    signal: stage.lifecycle.signal,
    onFailure: (error) => stage.lifecycle.fail(error),
  });

  const contextOf = createContexts({
    surfaces: config.surfaces,
    contexts: config.contexts,
    zone: config.timeZone,
  });
  const offered = new OfferedItems();
  const { excludeRecent, areListsEqual } = config;
  const facts = new ItemFacts({
    ...config,
    countUnreadable: (attribute) => metrics.unreadableAttributes.inc({ attribute }),
  });
  const prepared = new PreparedCandidates({ excludeRecent, areListsEqual, offered, items: facts });
  const experiments = new ExperimentBook();
  const reasonAgainst = (policy: string) => {
    const selected = selectArmPolicy(policy, config);
    return 'reason' in selected ? selected.reason : undefined;
  };
  const follower = await stage.follow({
    items: ({ key, value }) => {
      offered.apply(key, value);
      facts.apply(key, value);
    },
    experiments({ key, value }) {
      const reason = declareExperiment(experiments, key, value, reasonAgainst);
      if (reason !== undefined) stage.log.warn({ experiment: key }, `The experiment is skipped: ${reason}`);
    },
  });
  let isCatalogueRead = false;
  void follower.caughtUp.then(() => {
    isCatalogueRead = true;
  });

  const demandCatalogue = (): void => {
    if (isCatalogueRead) return;
    const reason = 'the catalogue is still being read';
    throw new TributaryError('stage.not-ready', reason, { status: 503, retryable: true });
  };

  const chooser = createSlateChooser({
    config,
    metrics,
    contextOf,
    offered,
    facts,
    prepared,
    inForce: () => experiments.inForce,
    policyOf: (name, learner) => served.current(name, learner),
    onMissingColumn: (policy, column) =>
      stage.log.warn(
        { policy },
        `No list of the user has ${column}, so that expected rewards order the slate: name a feature that slates have, or start the model. tributary_rerank_missing_columns_total counts further slates.`,
      ),
    now: Date.now,
  });
  /** Whether Kafka confirmed the last slate that was answered before. */
  let isLogging = true;
  const writing = config.answered === 'chosen' ? { withinMs: WRITTEN_WITHIN_MS } : {};
  addSlateRoute(stage.http, {
    calls: createSlateCalls({
      maxCalls: config.maxSlates,
      count: (outcome) => metrics.slates.inc({ outcome }),
      answered: config.answered,
      onUnlogged(err) {
        metrics.unlogged.inc();
        if (isLogging)
          stage.log.warn({ err }, 'answered slates are not in the log; nothing is learned from them');
        isLogging = false;
      },
      onLogged() {
        isLogging = true;
      },
      now: () => performance.now(),
    }),
    timeoutMs: config.timeoutMs,
    async readPool(userId) {
      demandCatalogue();
      return pools.readFor(userId);
    },
    compose: chooser.choose,
    async publish(slate, trace) {
      const set = chooser.candidatesOf(slate);
      const produced = [stage.produce('slates', slate.userId, slate, { ...writing, trace })];
      if (set !== undefined)
        produced.push(stage.produce('candidates', set.userId, set, { ...writing, trace }));
      await Promise.all(produced);
    },
  });
  addInspectRoutes(stage.http, {
    served: () => served.current(experiments.inForce.promoted?.policy ?? ''),
    policyOf: (policy) => selectArmPolicy(policy, config),
    readPool: (userId) => pools.read(userId),
    readItem(itemId) {
      demandCatalogue();
      return facts.get(itemId);
    },
  });
  // While pools are rebuilt, slates come from the lists for everyone, so the stage stays ready.
  await stage.consume(
    'pools',
    {
      proposals: (batch) =>
        applyProposals(batch, {
          store: pools,
          fresh: (freshness) => observeFreshness(metrics, freshness),
          now: Date.now,
        }),
    },
    { state: stateOf(pools, () => undefined) },
  );
  await stage.consume(
    'rewards',
    { rewards: learner.learn },
    {
      onAssigned: learner.forget,
      restMs: LEARNING_REST_MS,
      state: stateOf(statistics, learner.forget),
    },
  );
});
