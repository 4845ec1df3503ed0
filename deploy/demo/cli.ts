// `npm run demo`: everything, from a fresh clone to live recommendations. `-- --help` lists the options.

import { constants } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '#algorithms/random.ts';
import { connectGateway } from '../data/gateway.ts';
import { interleaved, repeated } from '../data/replay.ts';
import { exitWithFailure } from '../local/failure.ts';
import { acquireRunLock } from '../local/lock.ts';
import { sampleMemory } from '../local/memory.ts';
import { cacheFolder } from '../local/parts/cache.mjs';
import { readAbilities } from '../simulate/crowd.ts';
import { startCluster } from './cluster.ts';
import { conclude, drain } from './conclude.ts';
import { visitorsOf } from './crowd.ts';
import { runLive } from './live.ts';
import { createNarrator } from './narrator.ts';
import { openDataset } from './open.ts';
import { type DemoOptions, parseDemoOptions } from './options.ts';
import { loadPast } from './past.ts';
import { latestUsers, planReplay } from './plan.ts';
import { renderShowcase, showUsers } from './showcase.ts';
import { renderStatus, renderSummary, type Summary } from './summary.ts';
import { trainFirstGeneration, waitForInterests } from './training.ts';

/** Users whose interests and slates are shown. */
const SHOWN_USERS = 3;
/** The live actions of so many seconds are dealt in turn to their users. */
const SECONDS_OF_A_DEAL = 10;
const PHASES = {
  servers: 'Kafka, Schema Registry and Redis',
  topics: 'Topics and schemas',
  stages: 'Stages',
} as const;

async function main(options: DemoOptions): Promise<void> {
  const started = performance.now();
  const runDirectory = join(cacheFolder(process.env), 'run', 'demo');
  const lock = acquireRunLock(join(runDirectory, 'lock'));
  process.on('exit', () => lock.release());
  const memory = sampleMemory(process.pid);
  const narrator = createNarrator(options.json ? process.stderr : process.stdout, () => performance.now());

  narrator.phase('data', 'Data');
  const dataset = await openDataset(options, narrator.say);
  const plan = await planReplay(dataset, options.rate, Date.now());
  narrator.say(
    `${dataset.title}: ${plan.historyCount} actions of history, ${plan.liveCount} kept to be replayed live`,
  );

  const cluster = await startCluster({
    runDirectory,
    spanMs: plan.spanMs,
    environment: process.env,
    onPhase: (phase) => narrator.phase(phase, PHASES[phase]),
    onFailure: exitWithFailure,
  });
  const gateway = connectGateway({ url: cluster.url('gateway') });
  narrator.say(`The console is at ${cluster.url('gateway')}/ and the API is described at /docs`);
  narrator.say('Watch the log from another terminal: npx tributary tail actions --follow');

  const past = await loadPast(dataset, plan, gateway, narrator);
  await drain(cluster, narrator.say);

  narrator.phase('training', 'First retraining');
  const generation = await trainFirstGeneration(cluster, narrator.say);
  const users = await latestUsers(dataset, plan, SHOWN_USERS);
  await waitForInterests(cluster, past.users, generation, narrator.say);
  narrator.say(`Generation ${generation.id} is active with ${generation.items} items`);
  for (const user of await showUsers(gateway, users.slice(0, 1))) narrator.say(renderShowcase(user));

  narrator.phase(
    'replay',
    `Live replay at ${options.rate} actions a second${options.once ? '' : ', until Ctrl-C'}`,
  );
  if (!options.once)
    narrator.say(
      `It repeats the ${plan.liveCount} kept actions with new ids, so that the windows of their users fill up; npm run load adds own data as it is`,
    );
  const logged = () => dataset.actions(plan.historyCount);
  const turn = options.rate * SECONDS_OF_A_DEAL;
  const kept = options.order === 'logged' ? logged : () => interleaved(logged(), turn);
  const live = await runLive({
    gateway,
    actions: options.once ? kept() : repeated(kept),
    rate: options.rate,
    people: await visitorsOf(dataset, plan, options.seed),
    abilities: await readAbilities(cluster.url('gateway')),
    random: createRandom(options.seed),
    onStatus: (status) => narrator.say(renderStatus(status)),
  });

  narrator.phase('count', 'Counting the messages in the log');
  const conclusion = await conclude(cluster, past, live, generation, narrator.say);
  const slates = await showUsers(gateway, users);
  narrator.phase('stop', 'Stopping');
  await gateway.close();
  await cluster.stop();
  narrator.end();
  const summary: Summary = {
    ...conclusion,
    dataset: dataset.name,
    gateway: cluster.url('gateway'),
    slates,
    memoryMiB: memory.peakMiB,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    secondsByPhase: narrator.seconds,
  };
  for (const user of slates) narrator.say(`${renderShowcase(user)}\n`);
  narrator.say(renderSummary(summary));
  if (options.json) console.log(JSON.stringify(summary));
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = true;
    console.error('\nStopping …');
    // Before the first child process exists, no supervisor would end this process at a signal.
    if (process.listenerCount(signal) === 0) process.exit(128 + constants.signals[signal]);
  });
}
try {
  await main(parseDemoOptions(process.argv.slice(2)));
} catch (error) {
  // Errors during the shutdown are caused by the shutdown.
  if (!interrupted) exitWithFailure(error);
}
