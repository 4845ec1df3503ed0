/** What every command line of this project shares: exit codes, help, and parsers of option values. */
import {
  type Argument,
  type Command,
  type CommanderError,
  InvalidArgumentError,
  type Option,
} from 'commander';
import { TOPICS, type TopicName } from './catalog.ts';
import { closestWord } from './closest-word.ts';
import { EXIT_CODES, EXIT_CODES_HELP } from './exit-codes.ts';

/** Parses the words of a command line and runs the command that they name. A wrong word exits with 2 and a suggestion. */
export async function runCommandLine(program: Command, words: readonly string[]): Promise<void> {
  prepare(program);
  program.addHelpText('after', EXIT_CODES_HELP);
  await program.parseAsync([...words], { from: 'user' });
}

/** Settings that commander does not hand down to commands that were built on their own. */
function prepare(command: Command): void {
  command
    .exitOverride(exitOfWords)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(use --help to list commands and options)')
    .showSuggestionAfterError();
  suggestChoices(command);
  for (const part of command.commands) prepare(part);
}

/** Lets a mistyped choice of an option or argument be answered with the probable one. */
export function suggestChoices(command: Command): void {
  for (const word of [...command.options, ...command.registeredArguments]) suggestFor(word);
}

function suggestFor(word: Option | Argument): void {
  const choices = word.argChoices;
  if (choices === undefined) return;
  word.argParser((text: string) => {
    if (choices.includes(text)) return text;
    const meant = closestWord(text, choices);
    const hint = meant === undefined ? '' : `Did you mean ${meant}? `;
    throw new InvalidArgumentError(`${hint}Allowed choices are ${choices.join(', ')}.`);
  });
}

/** Ends the process after a wrong word, or after the help. Commander has printed the reason. */
export function exitOfWords({ exitCode }: Pick<CommanderError, 'exitCode'>): never {
  process.exit(exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage);
}

/** @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

/** @throws InvalidArgumentError */
export function positiveInteger(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
}

/** Adds a value to those of an option that may be repeated. */
export function collectValues(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** @throws InvalidArgumentError naming the topics, and the one that was probably meant */
export function topicName(text: string): TopicName {
  const names = TOPICS.map(({ name }) => name);
  const known = names.find((name) => name === text);
  if (known !== undefined) return known;
  const meant = closestWord(text, names);
  const suggestion = meant === undefined ? '' : `Did you mean ${meant}? `;
  throw new InvalidArgumentError(`${suggestion}The topics are ${names.join(', ')}.`);
}
