import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { PROJECT } from '../local/parts.mjs';

export type Figure = number | string | boolean | readonly Figure[] | { readonly [name: string]: Figure };

/** What a bench or an evaluation found, by name. */
export type Figures = Readonly<Record<string, Figure>>;

/** Where and on what figures were taken: without it they cannot be compared. */
export function takenOn(): Figures {
  const [cpu] = cpus();
  return {
    commit: commit(),
    machine: `${cpus().length} × ${cpu?.model ?? process.arch}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    takenAt: new Date().toISOString(),
  };
}

/** Ends in `+` where tracked files differ from the commit. */
function commit(): string {
  try {
    const described = ['describe', '--always', '--abbrev=12', '--exclude=*', '--dirty=+'];
    return execFileSync('git', described, {
      cwd: PROJECT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

/** For people: names and values in columns, a list of records as a table. */
export function render(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name}\n${indent(renderFigure(figure))}`)
    .join('\n');
}

function renderFigure(figure: Figure): string {
  if (isRecord(figure)) {
    const records = Object.values(figure);
    return records.length > 0 && records.every(isRecord)
      ? table(Object.entries(figure).map(([name, record]) => ({ '': name, ...(record as Figures) })))
      : table(Object.entries(figure).map(([name, value]) => ({ '': name, ' ': value })));
  }
  if (isList(figure) && figure.length > 0 && figure.every(isRecord))
    return table(figure as readonly Figures[]);
  return cell(figure);
}

function table(rows: readonly Figures[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.some((name) => name.trim() !== '') ? [names] : [];
  const lines = [...head, ...rows.map((row) => names.map((name) => cell(row[name] ?? '')))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const isNumeric = names.map((name) => rows.every((row) => typeof (row[name] ?? 0) === 'number'));
  return lines
    .map((line) =>
      line
        .map((text, column) =>
          isNumeric[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(figure: Figure): string {
  if (typeof figure === 'number')
    return Number.isInteger(figure) ? String(figure) : String(Number(figure.toPrecision(4)));
  if (typeof figure === 'object') return JSON.stringify(figure);
  return String(figure);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function isList(figure: Figure): figure is readonly Figure[] {
  return Array.isArray(figure);
}

function isRecord(figure: Figure): figure is Figures {
  return typeof figure === 'object' && !isList(figure);
}
