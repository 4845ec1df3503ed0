/** The one registry of the program's commands. A new command is a row here. */
import type { Command } from 'commander';

export interface CommandRow {
  /** The words that name the command: `['slates', 'show']`. */
  readonly path: readonly string[];
  readonly summary: string;
  /**
   * How the command runs: a command of commander, loaded when it is needed, or a script of the project with a command line of
   * its own, which the bootstrap starts with the parts that it needs.
   */
  readonly run: { readonly load: () => Promise<Command> } | ScriptRun;
}

export interface ScriptRun {
  /** Path in the project. It reads its words from `process.argv`. */
  readonly script: string;
  /** Parts that the bootstrap installs first; undefined for all that the stages need. */
  readonly parts?: readonly string[];
  /** Returns the same command with its options, from which completion knows them. */
  readonly describe: () => Promise<Command>;
}

export const COMMANDS: readonly CommandRow[] = [
  {
    path: ['demo'],
    summary: 'start everything on this machine, load data and replay actions live',
    run: {
      script: 'deploy/demo/cli.ts',
      describe: async () => (await import('../demo/options.ts')).demoCommand(),
    },
  },
  {
    path: ['doctor'],
    summary: 'examine this machine, the servers and the stages, and name the remedy of each fault',
    run: { load: async () => (await import('./doctor/doctor-command.ts')).doctorCommand() },
  },
  {
    path: ['tail'],
    summary: 'show the messages of a topic, or the story of one user or item across all topics',
    run: { load: async () => (await import('./tail.ts')).tailCommandOfProgram() },
  },
  {
    path: ['topics'],
    summary: 'set up, watch and debug the topics',
    run: { load: async () => (await import('#topics/topics-command.ts')).topicsCommand() },
  },
  {
    path: ['produce'],
    summary: 'write messages from JSON lines, validated as the stages validate them',
    run: { load: async () => (await import('./produce/produce-command.ts')).produceCommand() },
  },
  {
    path: ['load'],
    summary: 'load your own actions and items, files of any size, into a running Tributary',
    run: {
      script: 'deploy/load/cli.ts',
      parts: ['packages'],
      describe: async () => (await import('../load/options.ts')).loadCommand('load'),
    },
  },
  {
    path: ['trigger'],
    summary: 'send one action of a user, and see what follows from it',
    run: { load: async () => (await import('./trigger.ts')).triggerCommand() },
  },
  {
    path: ['replay'],
    summary: 'send logged actions to a gateway again',
    run: { load: async () => (await import('./replay-command.ts')).replayCommand() },
  },
  {
    path: ['users', 'show'],
    summary: 'show what the log and the stages know of a user',
    run: { load: async () => (await import('./users.ts')).showUserCommand() },
  },
  {
    path: ['users', 'explain'],
    summary: 'explain the interests and the last slate of a user',
    run: { load: async () => (await import('./users.ts')).explainUserCommand() },
  },
  {
    path: ['users', 'export'],
    summary: 'write every message of a user as JSON lines',
    run: { load: async () => (await import('./users.ts')).exportUserCommand() },
  },
  {
    path: ['items', 'show'],
    summary: 'show the catalogue entry of an item, and what happened to it',
    run: { load: async () => (await import('./items.ts')).showItemCommand() },
  },
  {
    path: ['items', 'similar'],
    summary: 'show the nearest items in the served generation',
    run: { load: async () => (await import('./items.ts')).similarItemsCommand() },
  },
  {
    path: ['slates', 'show'],
    summary: 'show a slate and what each of its items earned',
    run: { load: async () => (await import('./slates.ts')).showSlateCommand() },
  },
  {
    path: ['slates', 'explain'],
    summary: 'show the features and propensities from which a slate was chosen',
    run: { load: async () => (await import('./slates.ts')).explainSlateCommand() },
  },
  {
    path: ['slates', 'replay'],
    summary: 'choose a logged slate again, and compare it to the bit',
    run: { load: () => slatesPart('replay') },
  },
  {
    path: ['slates', 'judge'],
    summary: 'estimate from logged slates what another policy would have earned',
    run: { load: () => slatesPart('judge') },
  },
  {
    path: ['releases'],
    summary: 'show the generations of embeddings and select the served one',
    run: { load: async () => (await import('../releases/releases-command.ts')).releasesCommand() },
  },
  {
    path: ['experiments'],
    summary: 'divide users among policies, and report what the arms earn',
    run: { load: async () => (await import('../experiments/experiments-command.ts')).experimentsCommand() },
  },
  {
    path: ['simulate'],
    summary: 'let a simulated crowd act through the public API alone',
    run: {
      script: 'deploy/simulate/cli.ts',
      describe: async () => (await import('../simulate/options.ts')).simulateCommand(),
    },
  },
  {
    path: ['completion'],
    summary: 'print the completion script of a shell',
    run: { load: async () => (await import('./completion.ts')).completionCommand() },
  },
];

/** What the words before a sub-command mean. */
export const GROUPS: Readonly<Record<string, string>> = {
  users: 'look at one user',
  items: 'look at one item',
  slates: 'look at one slate',
};

/** A command of `npm run slates`, which has a group of its own. */
async function slatesPart(name: string): Promise<Command> {
  const { slatesCommand } = await import('../slates/slates-command.ts');
  return slatesCommand().commands.find((part) => part.name() === name)!;
}
