// `npm run faults -- [NAME] [OPTIONS] [--json]`: does something to running stages, and compares what they did with what they should.

import { render } from '../figures/figures.ts';
import { exitWithFailure } from '../local/failure.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { FaultCommand } from './command.ts';

/** What runs without a name. */
const DEFAULT = 'nemesis';

const COMMANDS: Readonly<Record<string, FaultCommand>> = {
  nemesis: {
    title: 'processes, connections, Redis and the broker are hurt by a seed, several at a time',
    load: () => import('./nemesis.ts'),
  },
  poison: {
    title: 'messages that no stage can use, each between two valid ones',
    load: () => import('./poison.ts'),
  },
  redis: {
    title: 'Redis is emptied under load',
    load: () => import('./redis.ts'),
  },
  simulation: {
    title: 'the real stages over a simulated log and store, by many seeds',
    load: () => import('./simulation.ts'),
  },
  drains: {
    title: 'processes of each stage are asked to end under load, and no request may fail',
    load: () => import('./drains.ts'),
  },
  answers: {
    title: 'rerank is killed and Kafka is away, and which answered slates the log lacks',
    load: () => import('./answers.ts'),
  },
  broker: {
    title: 'three brokers, one killed at a time, under load',
    load: () => import('./broker.ts'),
  },
};

try {
  const given = process.argv.slice(2);
  const [name = '', ...args] = given[0]?.startsWith('--') ? [DEFAULT, ...given] : given;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw unknownName(name);
  const { run } = await command.load();
  console.error(`${name}: ${command.title}`);
  const { figures, isPassed } = await run(args.filter((arg) => arg !== '--json'));
  console.log(render(figures));
  if (args.includes('--json')) console.log(JSON.stringify(figures));
  // A client that is still reconnecting would keep the process running.
  process.exit(isPassed ? 0 : 1);
} catch (error) {
  exitWithFailure(error);
}

function unknownName(name: string): SetupError {
  const known = Object.entries(COMMANDS).map(([each, { title }]) => `\n  ${each.padEnd(10)} ${title}`);
  const what = name === '' ? 'npm run faults needs a name' : `There are no faults "${name}"`;
  return new SetupError(what, `These are known:${known.join('')}`);
}
