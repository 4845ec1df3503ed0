import { parseArgs } from 'node:util';
import { exitWithFailure } from '../local/failure.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { type Figures, render, takenOn } from './figures.ts';

/** A module whose `measure` takes figures; it may tell its progress on standard error. */
export interface Measurement {
  /** @param options the values of those that its entry declares */
  measure(options: Readonly<Record<string, string>>): Promise<Figures>;
}

export interface CatalogEntry {
  /** What is measured, in one line. */
  readonly title: string;
  /** Options beside `--json`, with their defaults. */
  readonly options?: Readonly<Record<string, { readonly type: 'string'; readonly default: string }>>;
  /** Imported only when asked for, so that each needs no more than its own libraries. */
  readonly load: () => Promise<Measurement>;
}

/** `NAME [OPTIONS] [--json]`: prints the figures for people and, with --json, once more as one JSON object on the last line. */
export async function runMeasurement(
  kind: string,
  catalog: Readonly<Record<string, CatalogEntry>>,
): Promise<void> {
  try {
    const args = process.argv.slice(2);
    const name = args.find((arg) => !arg.startsWith('-')) ?? '';
    const entry = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
    if (entry === undefined) throw unknownName(kind, name, catalog);
    const { values, positionals } = parseArgs({
      args,
      options: { ...entry.options, json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw unknownName(kind, positionals.join(' '), catalog);
    const { json, ...options } = values as { json: boolean } & Record<string, string>;
    const { measure } = await entry.load();
    console.error(`${name}: ${entry.title}`);
    const figures = { ...(await measure(options)), takenOn: takenOn() };
    console.log(render(figures));
    if (json) console.log(JSON.stringify(figures));
  } catch (error) {
    exitWithFailure(error);
  }
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
