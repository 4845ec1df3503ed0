import { Command, InvalidArgumentError } from 'commander';
import { exitOfWords } from '#topics/command-line.ts';

export interface SimulateOptions {
  /** Time for which the crowd acts, in seconds. */
  readonly seconds: number;
  /** Visits a second. */
  readonly rate: number;
  readonly seed: number;
  /** Number of last actions of the data to use. */
  readonly limit: number;
  /** Address of the gateway of a running system; none starts one. */
  readonly gateway?: string;
  readonly json: boolean;
}

/** Parses the command line; a wrong word exits the process with 2 and a message. */
export function parseSimulateOptions(args: readonly string[]): SimulateOptions {
  return simulateCommand().exitOverride(exitOfWords).parse(args, { from: 'user' }).opts<SimulateOptions>();
}

export function simulateCommand(): Command {
  return new Command('npm run simulate --')
    .description(
      'Lets people with interests of a data set visit, look, click and buy through the public API, and prints how often they click. ' +
        'It starts a system of its own, as the demo does, and compares the bandit with single models by an experiment.',
    )
    .option('--seconds <number>', 'time for which people act', positive, 120)
    .option('--rate <visits>', 'visits a second', positive, 30)
    .option('--seed <number>', 'seed of the people and of what they do', positive, 1)
    .option('--limit <actions>', 'number of last actions of the data to use', positive, 50_000)
    .option(
      '--gateway <url>',
      'a running system that has the catalogue; its history stays as it is, and no experiment is started',
    )
    .option('--json', 'print the figures as one line of JSON at the end', false);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}
