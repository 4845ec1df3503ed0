import { byAge } from '#contracts/domain/release-ledger.ts';
import type { Release } from '#contracts/generated/records.ts';
import { formatTime, printable } from '#topics/format.ts';
import { renderTable } from '#topics/table.ts';

/** Formats all generations, the newest first. */
export function renderReleases(declared: readonly Release[]): string {
  if (declared.length === 0) return 'There is no generation yet: the stage retrain creates them.';
  return renderTable(newestFirst(declared), [
    { title: 'GENERATION', value: ({ generation }) => printable(generation) },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'ITEMS', value: ({ itemCount }) => itemCount },
    { title: 'ACTIONS', value: ({ actionCount }) => actionCount },
    { title: 'ALPHA', value: ({ alpha }) => figure(alpha) },
    { title: 'HIT@10', value: ({ metrics }) => figure(metrics.hitRateAt10) },
    { title: 'HIT@100', value: ({ metrics }) => figure(metrics.hitRateAt100) },
    { title: 'SINCE', value: ({ updatedAt }) => formatTime(updatedAt) },
    { title: 'REASON', value: ({ reason }) => (reason === null ? '' : printable(reason)) },
  ]);
}

export function newestFirst(declared: readonly Release[]): Release[] {
  return declared.toSorted(byAge).reverse();
}

/** A release with its model card as data, as printed by `show --json`. @param trained embeddings in the log */
export function describeRelease({ modelCard, ...release }: Release, trained: number) {
  return { ...release, trainedEmbeddings: trained, modelCard: parseCard(modelCard) };
}

/** A release and its model card for people: one line per fact, lists of records as tables. */
export function renderRelease(release: Release, trained: number): string {
  const { state, reason, createdAt, updatedAt, dimension, alpha, itemCount, actionCount, metrics } = release;
  const facts = [
    ['generation', release.generation],
    ['state', `${state} since ${formatTime(updatedAt)}${reason === null ? '' : `: ${reason}`}`],
    ['training began', formatTime(createdAt)],
    ['embeddings', `${trained} of ${itemCount} in the log, ${dimension} dimensions`],
    ['actions', String(actionCount)],
    ['alpha', figure(alpha)],
  ] as const;
  const sections = [
    renderFacts(facts),
    section('metrics', metrics),
    section('model card', parseCard(release.modelCard)),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function section(title: string, values: unknown): string {
  const rows = flatten(values);
  return rows.length === 0 ? '' : `${title}\n${renderFacts(rows).replaceAll(/^/gm, '  ')}`;
}

function renderFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join('\n');
}

/** One row per leaf, named by its path; a list of numbers is one leaf, and so is a record within a list. */
function flatten(value: unknown, path = ''): [string, string][] {
  if (Array.isArray(value) && value.some((entry) => typeof entry === 'object' && entry !== null))
    return value.map((entry, place) => [`${path}[${place}]`, leaf(entry)]);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, leaf(value)]];
  return Object.entries(value).flatMap(([name, inner]) =>
    flatten(inner, path === '' ? name : `${path}.${name}`),
  );
}

function leaf(value: unknown): string {
  if (typeof value === 'number') return figure(value);
  if (Array.isArray(value)) return value.map(leaf).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${leaf(inner)}`)
      .join(', ');
  return String(value);
}

/** Four significant digits for fractions; a dash for missing measurements. */
function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** The card is text from the log: if it is not JSON, it is shown unchanged. */
function parseCard(card: string): unknown {
  if (card === '') return {};
  try {
    return JSON.parse(card) as unknown;
  } catch {
    return { text: card };
  }
}
