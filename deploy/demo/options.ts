import { Command, InvalidArgumentError, Option } from 'commander';
import { exitOfWords, suggestChoices } from '#topics/command-line.ts';
import type { CustomFiles } from '../data/custom.ts';

export interface DemoOptions {
  readonly dataset: 'completejourney' | 'ml-100k';
  /** A user's own files, which replace the data set. */
  readonly files: CustomFiles | undefined;
  /** Number of last actions to use; Infinity for all. */
  readonly limit: number;
  /** Live actions a second. */
  readonly rate: number;
  /** Order of the live actions: one of each user in turn, or as in the data, where baskets come whole. */
  readonly order: 'interleaved' | 'logged';
  /** Whether the demo ends by itself. */
  readonly once: boolean;
  /** Whether standard output is one line, the summary as JSON. */
  readonly json: boolean;
  /** Seed of every random draw of the demo. */
  readonly seed: number;
}

/** Parses the command line; a wrong word exits the process with 2 and a message. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const command = demoCommand().exitOverride(exitOfWords);
  suggestChoices(command);
  const { actions, items, mapping, ...options } = command
    .parse(args, { from: 'user' })
    .opts<Omit<DemoOptions, 'files'> & Partial<CustomFiles>>();
  if (actions === undefined && (items ?? mapping) !== undefined) {
    command.error('error: --items and --mapping need --actions');
  }
  const files =
    actions === undefined ? undefined : { actions, ...(items && { items }), ...(mapping && { mapping }) };
  return { ...options, files };
}

export function demoCommand(): Command {
  return new Command('npm run demo --')
    .description(
      'Starts Kafka, a Schema Registry, Redis and all stages, loads a catalogue and a history, trains the first ' +
        'embeddings, and then replays actions live, until Ctrl-C.',
    )
    .option('--once', 'end by itself after one live replay', false)
    .option(
      '--json',
      'print the summary as one line of JSON on standard output, all else on standard error',
      false,
    )
    .addOption(
      new Option('--dataset <name>', 'a public data set')
        .choices(['completejourney', 'ml-100k'])
        .default('completejourney'),
    )
    .option('--limit <actions>', 'number of last actions of the data to use, or all', parseLimit, 50_000)
    .option('--rate <actions>', 'live actions a second', parsePositive, 200)
    .addOption(
      new Option('--order <order>', 'live actions of interleaved users, or baskets as they are in the data')
        .choices(['interleaved', 'logged'])
        .default('interleaved'),
    )
    .option('--actions <file>', 'your own actions: .csv, .tsv, .jsonl or .json, also with .gz')
    .option('--items <file>', 'your own items, in one of the same formats')
    .option('--mapping <file>', 'maps columns to fields, see deploy/data/README.md')
    .option('--seed <number>', 'seed of the simulated visitors', parsePositive, 1)
    .addHelpText(
      'after',
      '\nTRIBUTARY_GATEWAY_PORT, TRIBUTARY_KAFKA_PORT, TRIBUTARY_REGISTRY_PORT and TRIBUTARY_REDIS_PORT choose ports;' +
        '\nKAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL name servers to use instead of starting them.' +
        '\nSettings of stages, such as TRIBUTARY_PROPOSERS, reach the stages: the README of each stage in services/ lists them.',
    );
}

function parseLimit(text: string): number {
  return text === 'all' ? Number.POSITIVE_INFINITY : parsePositive(text);
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}
