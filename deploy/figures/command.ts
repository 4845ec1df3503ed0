import { parseArgs } from 'node:util';
import { exitWithFailure } from '../local/failure.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { type Figures, render, takenOn } from './figures.ts';

/** A module whose `measure` takes figures; it may tell its progress on standard error. */
export interface Measurement {
  measure(): Promise<Figures>;
}

export interface CatalogEntry {
  /** What is measured, in one line. */
  readonly title: string;
  /** Imported only when asked for, so that each needs no more than its own libraries. */
  readonly load: () => Promise<Measurement>;
}

/** `NAME [--json]`: prints the figures for people and, with --json, once more as one JSON object on the last line. */
export async function runMeasurement(
  kind: string,
  catalog: Readonly<Record<string, CatalogEntry>>,
): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [name = ''] = positionals;
    const entry = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
    if (entry === undefined || positionals.length > 1)
      throw unknownName(kind, positionals.join(' '), catalog);
    const { measure } = await entry.load();
    console.error(`${name}: ${entry.title}`);
    const figures = { ...(await measure()), takenOn: takenOn() };
    console.log(render(figures));
    if (values.json) console.log(JSON.stringify(figures));
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
