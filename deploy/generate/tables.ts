/** Renders declarations as Markdown tables and puts them between the markers of a document. Pure. */
import { fileVariable } from '#contracts/secret-file.ts';
import type { Settings } from '#platform/config.ts';
import type { MetricDeclarations } from '#platform/observability/declared-metrics.ts';

/** Returns a table of settings, in the order of their declaration. */
export function settingsTable(settings: Settings): string {
  return table(
    ['variable', 'default', 'accepts', 'meaning'],
    Object.values(settings).map(({ variable, fallback, fallbackText, accepts, summary, secret }) => [
      secret ? `${code(variable)} or ${code(fileVariable(variable))}` : code(variable),
      fallback === undefined ? 'none: it must be set' : fallbackText === '' ? 'empty' : code(fallbackText),
      accepts,
      capitalised(summary),
    ]),
  );
}

/** Returns a table of metrics, in the order of their declaration. */
export function metricsTable(metrics: MetricDeclarations): string {
  return table(
    ['metric', 'kind', 'labels', 'meaning'],
    Object.values(metrics).map(({ name, kind, labels, help }) => [
      code(name),
      kind,
      labels.map(code).join(', '),
      capitalised(help),
    ]),
  );
}

/**
 * Returns the document with `content` between `<!-- generated:NAME -->` and `<!-- /generated -->`; undefined if the
 * document lacks one of these markers.
 */
export function withGenerated(document: string, name: string, content: string): string | undefined {
  const opening = `${openingMarker(name)}\n`;
  const start = document.indexOf(opening);
  const end = document.indexOf(CLOSING_MARKER, start);
  if (start === -1 || end === -1) return undefined;
  return `${document.slice(0, start + opening.length)}${content}\n${document.slice(end)}`;
}

/** Returns the pair of markers, for messages. */
export function markers(name: string): string {
  return `${openingMarker(name)} … ${CLOSING_MARKER}`;
}

const CLOSING_MARKER = '<!-- /generated -->';

function openingMarker(name: string): string {
  return `<!-- generated:${name} -->`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

function code(text: string): string {
  return `\`${text}\``;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
