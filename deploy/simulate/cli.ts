// `npm run simulate`: a crowd that acts through the public API alone. `-- --help` lists the options.

import { join } from 'node:path';
import { createRandom } from '#algorithms/random.ts';
import { changeExperiment } from '#operations/experiments/change-experiment.ts';
import { decideStart, type StartWish } from '#operations/experiments/decide.ts';
import { collect, type Dataset, type DatasetAction } from '../data/dataset.ts';
import { connectGateway, type Gateway, GatewayError } from '../data/gateway.ts';
import { createSender } from '../data/sender.ts';
import { shiftToEndAt } from '../data/shift.ts';
import { type Cluster, startCluster } from '../demo/cluster.ts';
import { drain } from '../demo/conclude.ts';
import { createNarrator, type Narrator } from '../demo/narrator.ts';
import { openDataset } from '../demo/open.ts';
import { loadPast } from '../demo/past.ts';
import { trainFirstGeneration, waitForInterests } from '../demo/training.ts';
import { type Figures, render, takenOn } from '../figures/figures.ts';
import { exitWithFailure } from '../local/failure.ts';
import { acquireRunLock } from '../local/lock.ts';
import { cacheFolder } from '../local/parts/cache.mjs';
import { type Abilities, readAbilities, runCrowd } from './crowd.ts';
import { parseSimulateOptions, type SimulateOptions } from './options.ts';
import { People } from './people.ts';
import { type CrowdSlate, tallyOf } from './tally.ts';

/** Share of the actions that the system never learns of: they say what people want. */
const FUTURE = 0.2;
/** Share of the time before the drift. */
const BEFORE_DRIFT = 0.65;
/**
 * Models whose own order is an arm of the experiment: those that propose by default. The order of a model that proposes nothing would be that of
 * the expected rewards.
 */
const SINGLE_MODELS = ['combiner', 'medoid-neighbours', 'trending'] as const;
/** Share of the users whose slates the bandit chooses, relative to one single model. */
const BANDIT_SHARE = 3;
/** The bandit beside the order of single models. */
const EXPERIMENT: StartWish = {
  name: 'simulation',
  arms: [
    { name: 'bandit', share: BANDIT_SHARE, policy: '' },
    // The name of a score depends on which lists a user has, the rank is there with each of them.
    ...SINGLE_MODELS.map((name) => ({ name, share: 1, policy: `fixed(column=${name}.rank)` })),
  ],
};

async function main(options: SimulateOptions): Promise<void> {
  const narrator = createNarrator(options.json ? process.stderr : process.stdout, () => performance.now());
  narrator.phase('data', 'Data');
  const dataset = await openDataset(
    { dataset: 'completejourney', files: undefined, limit: options.limit },
    narrator.say,
  );
  const historyCount = Math.floor(dataset.actionCount * (1 - FUTURE));
  const cluster = options.gateway === undefined ? await open(dataset, historyCount, narrator) : undefined;
  const url = options.gateway ?? cluster!.url('gateway');
  const gateway = connectGateway({ url });
  const random = createRandom(`simulate ${options.seed}`);
  const people = new People(
    await collect(dataset.items()),
    await collect(dataset.actions(historyCount)),
    random,
  );
  const abilities = await readAbilities(url);

  narrator.phase('crowd', `${people.userIds.length} people, ${options.rate} visits a second`);
  const figures = await act(options, gateway, people, abilities, random);
  await gateway.close();
  narrator.phase('stop', 'Stopping');
  await cluster?.stop();
  narrator.end();
  const all = { ...figures, abilities: { ...abilities }, seconds: options.seconds, takenOn: takenOn() };
  console.log(options.json ? JSON.stringify(all) : render(all));
}

/** Starts the servers and stages, loads the history, trains the first generation, and starts the experiment. */
async function open(dataset: Dataset, historyCount: number, narrator: Narrator): Promise<Cluster> {
  const runDirectory = join(cacheFolder(process.env), 'run', 'simulate');
  const lock = acquireRunLock(join(runDirectory, 'lock'));
  process.on('exit', () => lock.release());
  const [oldest] = await collect(dataset.actions(0, 1));
  const [newest] = await collect(dataset.actions(historyCount - 1, historyCount));
  const plan = {
    historyCount,
    liveCount: 0,
    shift: shiftToEndAt(newest!.occurredAt, Date.now()),
    spanMs: newest!.occurredAt - oldest!.occurredAt,
  };
  const { spanMs } = plan;
  const cluster = await startCluster({
    runDirectory,
    spanMs,
    environment: process.env,
    onPhase: (phase) => narrator.phase(phase, phase),
    onFailure: exitWithFailure,
  });
  const gateway = connectGateway({ url: cluster.url('gateway') });
  const past = await loadPast(dataset, plan, gateway, narrator);
  await drain(cluster, narrator.say);
  narrator.phase('training', 'First retraining');
  const generation = await trainFirstGeneration(cluster, narrator.say);
  await waitForInterests(cluster, past.users, generation, narrator.say);
  await gateway.close();
  await changeExperiment(cluster, (book) => decideStart(book, EXPERIMENT, () => undefined, Date.now()));
  return cluster;
}

async function act(
  { seconds, rate }: SimulateOptions,
  gateway: Gateway,
  people: People,
  abilities: Abilities,
  random: ReturnType<typeof createRandom>,
): Promise<Figures> {
  const sender = createSender<DatasetAction>({
    post: gateway.postActions,
    keyOf: ({ userId }) => userId,
    lanes: 8,
  });
  const visits: CrowdSlate[] = [];
  const failed: Record<string, number> = {};
  let driftAt: number | undefined;
  await runCrowd({
    people,
    gateway,
    abilities,
    emit: (action) => sender.enqueue(action),
    rate,
    random: random.fork('crowd'),
    drift: {
      afterMs: seconds * 1_000 * BEFORE_DRIFT,
      share: 1,
      onDrift() {
        driftAt = visits.length;
      },
    },
    signal: AbortSignal.timeout(seconds * 1_000),
    onVisit: (visit) => void visits.push(visit),
    onFailed(error) {
      const code = error instanceof GatewayError ? error.code : 'unanswered';
      failed[code] = (failed[code] ?? 0) + 1;
    },
  });
  await sender.whenBelow(1);
  const { sent, acknowledged, rejected } = sender.counts;
  return {
    ...tallyOf(visits, driftAt ?? visits.length),
    visits: visits.length,
    failedVisits: Object.values(failed).reduce((sum, count) => sum + count, 0),
    failedBy: failed,
    actions: { sent, acknowledged, rejected },
  };
}

try {
  await main(parseSimulateOptions(process.argv.slice(2)));
} catch (error) {
  exitWithFailure(error);
}
