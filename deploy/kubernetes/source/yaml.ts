/** Writes manifests as YAML that reads as if written by hand. Pure. */
import { parse } from 'yaml';
import {
  CHART,
  entriesOf,
  isManifest,
  type Manifest,
  type Node,
  Only,
  type Scalar,
  Value,
} from './manifest.ts';

/** The two forms of a manifest: for kustomize, and as a template of the Helm chart. */
export type Form = 'plain' | 'template';

const LINE = 118;
/** Words and forms that YAML 1.1, which Kubernetes reads, takes for something else than text. */
const AMBIGUOUS = /^(y|n|yes|no|on|off|true|false|null|~|[-+.\d][\d_:.,]*|0[xo].*|.*e[-+]?\d+)$/i;

/** Returns one document, which ends with a newline. */
export function writeYaml(manifest: Manifest, form: Form = 'plain'): string {
  return `${comment(manifest['#'], '')}${writeMap(manifest, '', form).join('\n')}\n`;
}

/** Returns several documents in one text. */
export function writeDocuments(manifests: readonly Manifest[], form: Form = 'plain'): string {
  return manifests.map((manifest) => writeYaml(manifest, form)).join('---\n');
}

function comment(text: Node | undefined, indent: string): string {
  if (typeof text !== 'string') return '';
  return wrapped(text, LINE - indent.length - 2)
    .map((line) => `${indent}# ${line}\n`)
    .join('');
}

function writeMap(manifest: Manifest, indent: string, form: Form): string[] {
  return entriesOf(manifest).flatMap(([key, child]) => {
    if (isEmptyIn(child, form)) return [];
    if (child instanceof Only && child.component === CHART) {
      return form === 'plain' ? [] : [`${indent}${scalar(key)}: ${child.node as string}`];
    }
    if (child instanceof Only) {
      const lines = form === 'plain' ? [] : writeEntry(`${indent}${scalar(key)}:`, child.node, indent, form);
      return lines.length === 0 ? [] : within(presence(child), lines);
    }
    const condition = form === 'template' ? sharedCondition(child) : undefined;
    if (condition !== undefined) {
      const list = (child as readonly Only[]).map(({ node }) => node);
      return within(condition, writeEntry(`${indent}${scalar(key)}:`, list, indent, form));
    }
    const above = comment(manifest[`#${key}`], indent).trimEnd();
    const lines = writeEntry(`${indent}${scalar(key)}:`, child, indent, form);
    const shown = [...(above === '' ? [] : [above]), ...lines];
    if (form === 'plain' || !(child instanceof Value) || child.unless === undefined) return shown;
    return within(`not (index .Values.components ${JSON.stringify(child.unless)})`, shown);
  });
}

/** The condition under which a list exists at all, where one component adds all of its items. */
function sharedCondition(node: Node): string | undefined {
  if (!Array.isArray(node) || node.length === 0) return undefined;
  const [first] = node as readonly Node[];
  if (!(first instanceof Only)) return undefined;
  const isShared = node.every((item) => item instanceof Only && item.component === first.component);
  return isShared ? presence(first) : undefined;
}

function presence({ component }: Only): string {
  return `index .Values.components ${JSON.stringify(component)}`;
}

/** Lines that a template writes if a condition holds. */
export function within(condition: string, lines: readonly string[]): string[] {
  return [`{{- if ${condition} }}`, ...lines, '{{- end }}'];
}

function writeEntry(head: string, child: Node, indent: string, form: Form): string[] {
  if (Array.isArray(child)) return writeList(head, child as readonly Node[], indent, form);
  if (isManifest(child)) {
    const lines = writeMap(child, `${indent}  `, form);
    return lines.length === 0 ? [`${head} {}`] : [head, ...lines];
  }
  if (typeof child === 'string' && child.includes('\n')) return [`${head} ${block(child, indent, form)}`];
  return [`${head} ${leaf(child as Scalar | Value, form)}`];
}

function writeList(head: string, given: readonly Node[], indent: string, form: Form): string[] {
  const list = form === 'plain' ? given.filter((item) => !(item instanceof Only)) : given;
  const flat = `${head} [${list.map((item) => (isLeaf(item) ? leaf(item, form) : '')).join(', ')}]`;
  if (list.every(isLeaf) && flat.length <= LINE && !/\n/.test(flat)) return [flat];
  return [head, ...list.flatMap((item) => writeItem(item, `${indent}  `, form))];
}

function writeItem(item: Node, indent: string, form: Form): string[] {
  if (item instanceof Only) {
    const lines = writeItem(item.node, indent, form);
    return within(presence(item), lines);
  }
  if (!isManifest(item)) {
    if (typeof item === 'string' && item.includes('\n')) return [`${indent}- ${block(item, indent, form)}`];
    return [`${indent}- ${leaf(item as Scalar | Value, form)}`];
  }
  const [first = '', ...rest] = writeMap(item, `${indent}  `, form);
  const above = comment(item['#'], indent).trimEnd();
  return [...(above === '' ? [] : [above]), `${indent}- ${first.slice(indent.length + 2)}`, ...rest];
}

function isLeaf(node: Node): node is Scalar | Value {
  return node instanceof Value || typeof node !== 'object';
}

/** Returns whether a list has nothing in this form. */
function isEmptyIn(node: Node, form: Form): boolean {
  return (
    form === 'plain' && Array.isArray(node) && node.length > 0 && node.every((item) => item instanceof Only)
  );
}

function leaf(node: Scalar | Value, form: Form): string {
  if (!(node instanceof Value)) return escaped(scalar(node), form);
  if (form === 'plain') return scalar(node.fallback);
  return typeof node.fallback === 'string'
    ? `{{ .Values.${node.path} | quote }}`
    : `{{ .Values.${node.path} }}`;
}

function scalar(value: Scalar): string {
  if (typeof value !== 'string') return String(value);
  if (isPlainText(value)) return value;
  return value.includes("'") && !value.includes('"') && !value.includes('\\')
    ? `"${value}"`
    : `'${value.replaceAll("'", "''")}'`;
}

function isPlainText(text: string): boolean {
  if (AMBIGUOUS.test(text) || /^[\s\-?:,[\]{}#&*!|>'"%@`]|: |\s#|[:\s]$|[,[\]{}]/.test(text)) return false;
  return parse(text) === text;
}

/** A text of several lines. */
function block(text: string, indent: string, form: Form): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const keep = text.endsWith('\n') ? '|' : '|-';
  return [keep, ...lines.map((line) => (line === '' ? '' : `${indent}  ${escaped(line, form)}`))].join('\n');
}

/** Braces that a template must copy, such as those of the annotations of alerts. */
function escaped(text: string, form: Form): string {
  return form === 'plain' ? text : text.replaceAll('{{', '{{ "{{" }}');
}

function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const last = lines.at(-1)!;
      if (last !== '' && last.length + word.length >= width) lines.push(word);
      else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
    return lines;
  });
}
