import { parseArgs } from 'node:util';
import { exitWithFailure } from '../local/failure.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { type Figures, render, takenOn } from './figures.ts';

/** A module whose `measure` takes figures; it may tell its progress on standard error. */
export interface Measurement {
  /** @param options the values of the options that the entry names; undefined for one that was not given */
  measure(options: Readonly<Record<string, string | undefined>>): Promise<Figures>;
}

export interface CatalogEntry {
  /** What is measured, in one line. */
  readonly title: string;
  /** Names of its own options, such as `log` for `--log PATH`. */
  readonly options?: readonly string[];
  /** Imported only when asked for, so that each needs no more than its own libraries. */
  readonly load: () => Promise<Measurement>;
}

/** `NAME [--json] [OPTIONS]`: prints the figures for people and, with --json, once more as one JSON object on the last line. */
export async function runMeasurement(
  kind: string,
  catalog: Readonly<Record<string, CatalogEntry>>,
): Promise<void> {
  try {
    const own = [...new Set(Object.values(catalog).flatMap(({ options = [] }) => options))];
    const { values, positionals } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        ...Object.fromEntries(own.map((name) => [name, { type: 'string' as const }])),
      },
      allowPositionals: true,
    });
    const [name = ''] = positionals;
    const entry = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
    if (entry === undefined || positionals.length > 1)
      throw unknownName(kind, positionals.join(' '), catalog);
    const { json, ...given } = values as { json: boolean } & Record<string, string | undefined>;
    const foreign = Object.keys(given).find((option) => !entry.options?.includes(option));
    if (foreign !== undefined) throw unknownOption(kind, name, foreign, entry);
    const { measure } = await entry.load();
    console.error(`${name}: ${entry.title}`);
    const figures = { ...(await measure(given)), takenOn: takenOn() };
    console.log(render(figures));
    if (json) console.log(JSON.stringify(figures));
  } catch (error) {
    exitWithFailure(error);
  }
}

function unknownOption(
  kind: string,
  name: string,
  option: string,
  { options = [] }: CatalogEntry,
): SetupError {
  const known = options.map((one) => ` --${one}`).join('');
  return new SetupError(`npm run ${kind} -- ${name} has no option --${option}`, `It accepts --json${known}`);
}

function unknownName(
  kind: string,
  name: string,
  catalog: Readonly<Record<string, CatalogEntry>>,
): SetupError {
  const known = Object.entries(catalog).map(([each, { title }]) => `\n  ${each.padEnd(14)} ${title}`);
  return new SetupError(
    name === '' ? `npm run ${kind} needs a name` : `There is no ${kind} "${name}"`,
    `These are known:${known.join('')}`,
  );
}
