import { type Token, tokensOf } from './tokens.ts';

/** A place where a source names a module. */
export interface Reference {
  /** As it is written; undefined for an import whose module is computed. */
  readonly specifier: string | undefined;
  /** Line in the source, from 1. */
  readonly line: number;
}

/**
 * Returns the modules that a TypeScript or JavaScript source names: `import`, `import type`, `export … from`, `import()` (also as
 * a type), `require`, `import.meta.resolve`, and `new URL('…', import.meta.url)`, by which threads and processes are started.
 */
export function referencesOf(source: string): Reference[] {
  const tokens = tokensOf(source);
  return tokens.flatMap((token, place) => {
    if (token.kind !== 'word' || isMember(tokens, place)) return [];
    const found = READERS.get(token.text)?.(tokens, place + 1);
    return found === undefined ? [] : [{ specifier: found.specifier, line: token.line }];
  });
}

/** Reads the tokens after a keyword. Returns undefined if the statement names no module. */
type Reader = (tokens: readonly Token[], next: number) => Pick<Reference, 'specifier'> | undefined;

const readImport: Reader = (tokens, next) => {
  const token = tokens[next];
  if (token?.kind === 'string') return { specifier: token.text };
  if (token?.text === '(') return argument(tokens, next);
  if (matches(tokens, next, ['.', 'meta', '.', 'resolve', '('])) return argument(tokens, next + 4);
  return fromClause(tokens, next);
};

const readExport: Reader = (tokens, next) => {
  const clause = tokens[next]?.text === 'type' ? next + 1 : next;
  return ['*', '{'].includes(tokens[clause]?.text ?? '') ? fromClause(tokens, clause) : undefined;
};

const readRequire: Reader = (tokens, next) => {
  if (tokens[next]?.text === '(') return argument(tokens, next);
  return matches(tokens, next, ['.', 'resolve', '(']) ? argument(tokens, next + 2) : undefined;
};

const readUrl: Reader = (tokens, next) => {
  const text = tokens[next + 1];
  const isOfModule = matches(tokens, next + 2, [',', 'import', '.', 'meta', '.', 'url']);
  // A computed path is one of data or of a command, not of a module.
  if (tokens[next]?.text !== '(' || text?.kind !== 'string' || !isOfModule) return undefined;
  return { specifier: /^\.|^\/|^\w+:/.test(text.text) ? text.text : `./${text.text}` };
};

const READERS: ReadonlyMap<string, Reader> = new Map([
  ['import', readImport],
  ['export', readExport],
  ['require', readRequire],
  ['URL', readUrl],
]);

/** Returns whether the word is the name of a member: `x.import`, `{ import: … }`. */
function isMember(tokens: readonly Token[], place: number): boolean {
  return tokens[place - 1]?.text === '.' || tokens[place + 1]?.text === ':';
}

/** Returns the text in parentheses; any other argument is a computed path. */
function argument(tokens: readonly Token[], open: number): Pick<Reference, 'specifier'> {
  const token = tokens[open + 1];
  const isText = token?.kind === 'string' && [')', ','].includes(tokens[open + 2]?.text ?? '');
  return { specifier: isText ? token.text : undefined };
}

/** Returns the text after the `from` of an import or export; undefined if the statement has none. */
function fromClause(tokens: readonly Token[], start: number): Pick<Reference, 'specifier'> | undefined {
  for (let place = start; place < tokens.length; place += 1) {
    const { kind, text } = tokens[place]!;
    if (kind === 'string' && tokens[place - 1]?.text === 'from') return { specifier: text };
    // A name may be a text too, as in `{ 'a-b' as c }`, so texts do not end the search.
    if (kind === 'other' && !['{', '}', ',', '*'].includes(text)) return undefined;
  }
  return undefined;
}

function matches(tokens: readonly Token[], start: number, texts: readonly string[]): boolean {
  return texts.every((text, place) => tokens[start + place]?.text === text);
}
