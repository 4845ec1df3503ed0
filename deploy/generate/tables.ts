/** Renders declarations as Markdown tables and puts them between the markers of a document. Pure. */
import type { Settings } from '#platform/config.ts';
import type { MetricDeclarations } from '#platform/observability/declared-metrics.ts';

/** Returns a table of settings, in the order of their declaration. */
export function settingsTable(settings: Settings): string {
  return table(
    ['variable', 'default', 'accepts', 'meaning'],
    Object.values(settings).map(({ variable, fallback, fallbackText, accepts, summary }) => [
      code(variable),
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
 * Returns the document with `content` between `<!-- generated:NAME -->` and `<!-- /generated -->`.
 * @throws Error if the document has no such pair of markers
 */
export function withGenerated(document: string, name: string, content: string): string {
  const opening = `<!-- generated:${name} -->\n`;
  const closing = '<!-- /generated -->';
  const start = document.indexOf(opening);
  const end = document.indexOf(closing, start);
  if (start === -1 || end === -1) throw new Error(`it lacks ${opening.trimEnd()} … ${closing}`);
  return `${document.slice(0, start + opening.length)}${content}\n${document.slice(end)}`;
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
