import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { suggestChoices } from '#topics/command-line.ts';
import { isTimeZone } from '../data/event-times.ts';
import type { Mapping } from '../data/mapping.ts';
import { gatewayUrl } from '../program/gateway.ts';

export interface LoadCommandOptions {
  readonly actions: string | undefined;
  readonly items: string | undefined;
  /** File with a mapping. */
  readonly mapping: string | undefined;
  /** Parts of a mapping that were given as options; they take precedence over the file. */
  readonly format: Pick<Mapping, 'encoding'> &
    Pick<NonNullable<Mapping['actions']>, 'timeFormat' | 'timeZone'>;
  /** Address of the gateway. Default: that of the environment or of the running demo. */
  readonly gateway: string | undefined;
  readonly dryRun: boolean;
  /** File for the mapping that the files seem to need; nothing is sent. */
  readonly propose: string | undefined;
  /** Whether all times are moved by the same span, so that the newest is now. */
  readonly shift: boolean;
  /** File for all rows that were left out, one object a line. */
  readonly report: string | undefined;
  /** Whether to begin at the first row although an earlier load was interrupted. */
  readonly fromStart: boolean;
  /** Whether to load the rest although the gateway rejects most rows. */
  readonly keepGoing: boolean;
  /** Whether standard output is one line, the summary as JSON. */
  readonly json: boolean;
  /** Begins the ids of events without one. Default: derived from the name and the beginning of the file. */
  readonly idPrefix: string | undefined;
}

/**
 * Parses the arguments of `npm run load`.
 * @param name the command as the user types it, for the help
 * @throws CommanderError after it has printed an error or the help; `exitCode` is that of the process
 */
export function parseLoadOptions(args: readonly string[], name = 'npm run load --'): LoadCommandOptions {
  const command = loadCommand(name).exitOverride();
  suggestChoices(command);
  const { encoding, timeFormat, timeZone, ...options } = command
    .parse(args, { from: 'user' })
    .opts<Omit<LoadCommandOptions, 'format'> & LoadCommandOptions['format']>();
  if (options.actions === undefined && options.items === undefined) {
    command.error('error: give --actions, --items, or both');
  }
  const format = Object.fromEntries(
    Object.entries({ encoding, timeFormat, timeZone }).filter(([, value]) => value !== undefined),
  );
  return { ...emptyOptions, ...options, format };
}

/** @param name the command as the user types it, for the help */
export function loadCommand(name: string): Command {
  return new Command(name)
    .description(
      'Loads your own actions and items into a running Tributary: files in .csv, .tsv, .jsonl or .json, also with .gz, of ' +
        'any size. An interrupted load resumes where it stopped; loading a file again counts each action once.',
    )
    .option(
      '--actions <file>',
      'actions: userId, itemId, occurredAt, and optionally type, contextId, value, eventId',
    )
    .option('--items <file>', 'items: itemId, title, and optionally text, categories, attributes')
    .option('--mapping <file>', 'maps columns to fields, see deploy/data/README.md')
    .option(
      '--propose <file>',
      'write the mapping that the files seem to need to this file, and send nothing',
    )
    .addOption(
      new Option('--encoding <name>', 'encoding of the files, if not UTF-8').choices([
        'utf-8',
        'utf-16le',
        'utf-16be',
        'windows-1252',
      ]),
    )
    .addOption(
      new Option(
        '--time-format <format>',
        'unit of times that are numbers, or the order of day and month in local dates',
      ).choices(['ms', 's', 'iso', 'day-first', 'month-first']),
    )
    .option('--time-zone <zone>', 'zone of times that name none: Z, +01:00 or Europe/Berlin', parseZone)
    .option(
      '--gateway <url>',
      'address of the gateway (default: TRIBUTARY_GATEWAY_URL, or that of the running demo)',
      gatewayUrl,
    )
    .option('--dry-run', 'check the files and tell what would be loaded, but send nothing', false)
    .option('--shift', 'move all times by the same span, so that the newest action is now', false)
    .option('--report <file>', 'write every row that was left out to this file, one JSON object a line')
    .option('--from-start', 'begin at the first row although an earlier load was interrupted', false)
    .option('--keep-going', 'load the rest although the gateway rejects most of the first rows', false)
    .option('--id-prefix <text>', 'begins the ids of actions without an eventId: PREFIX:LINE')
    .option(
      '--json',
      'print the summary as one line of JSON on standard output, all else on standard error',
      false,
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 loaded (rows that were left out are reported), 1 not loaded, 2 a word of the command line is wrong,\n' +
        '4 the gateway does not answer; the same command resumes later.',
    );
}

const emptyOptions = {
  actions: undefined,
  items: undefined,
  mapping: undefined,
  propose: undefined,
  gateway: undefined,
  report: undefined,
  idPrefix: undefined,
};

/** Whether an error only ends the process, because its message was printed. */
export function wasPrinted(error: unknown): error is CommanderError {
  return error instanceof CommanderError;
}

function parseZone(text: string): string {
  if (!isTimeZone(text)) throw new InvalidArgumentError('Expected Z, +01:00 or Europe/Berlin.');
  return text;
}
