/** Builds the tree of commands from the registry. */
import { Command } from 'commander';
import { COMMANDS, type CommandRow, GROUPS } from './registry.ts';
import { runProjectScript } from './run-script.ts';

const HELP = `
Connection:
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, TRIBUTARY_GATEWAY_URL and TRIBUTARY_NAMESPACE name the servers.
  Without KAFKA_BROKERS they are those of the running demo, and without a demo those of this machine.

First steps:
  tributary demo                              everything on this machine
  tributary doctor                            what is wrong, and what to do about it
  tributary tail --user 900 --follow          one person's story across all topics
  tributary trigger buy --user 900 --item 7   act, and see the slate change
  source <(tributary completion bash)         complete words with the tab key
`;

/**
 * @param isNeeded whether a command must be complete; the others stand there with their name and summary alone, so that the
 *   program starts quickly
 */
export function buildProgram(isNeeded: (row: CommandRow) => boolean): Promise<Command> {
  return build(async (row) => (isNeeded(row) ? load(row) : stub(row)));
}

/** Returns the whole tree with every option, those of scripts included, to be read and not run. */
export function describeProgram(): Promise<Command> {
  return build(async (row) => {
    if ('load' in row.run) return load(row);
    return (await row.run.describe()).name(row.path.at(-1)!).summary(row.summary);
  });
}

async function build(commandOf: (row: CommandRow) => Promise<Command>): Promise<Command> {
  const program = new Command('tributary')
    .description('Produces, tails and explains the events of one Tributary.')
    .enablePositionalOptions()
    .addHelpText('after', HELP);
  for (const row of COMMANDS) {
    const [name, child] = row.path;
    const parent = child === undefined ? program : groupOf(program, name!);
    parent.addCommand(await commandOf(row));
  }
  return program;
}

/** Returns whether the words of a command line name the command, or a group that holds it. */
export function isNamedBy(words: readonly string[]): (row: CommandRow) => boolean {
  const named = words.filter((word) => !word.startsWith('-'));
  return ({ path }) => path.every((word, place) => named[place] === word);
}

async function load(row: CommandRow): Promise<Command> {
  const name = row.path.at(-1)!;
  if ('load' in row.run) return (await row.run.load()).name(name).summary(row.summary);
  const { run } = row;
  return stub(row)
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((words: readonly string[]) => runProjectScript(run, words));
}

function stub({ path, summary }: CommandRow): Command {
  return new Command(path.at(-1)!).description(summary).summary(summary);
}

function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  if (known !== undefined) return known;
  const group = new Command(name).description(GROUPS[name] ?? '').enablePositionalOptions();
  program.addCommand(group);
  return group;
}
