/** A part of a TypeScript source that is neither space nor comment. */
export interface Token {
  readonly kind: 'word' | 'string' | 'other';
  /** Of a string its content, as it is written; of a template with `${}` nothing. */
  readonly text: string;
  /** Line in the source, from 1. */
  readonly line: number;
}

/** Space and comments. */
const GAP = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*)+/uy;
const WORD = /[\p{ID_Start}$_@#][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d(?:[\w.]|(?<=[eE])[+-])*/uy;
const QUOTED = /'((?:\\[\s\S]|[^'\\\n])*)'|"((?:\\[\s\S]|[^"\\\n])*)"/uy;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/uy;
/** A part of a template literal, up to its end or the next `${`. */
const TEMPLATE = /((?:\\[\s\S]|\$(?!\{)|[^`\\$])*)(`|\$\{)/uy;
const PUNCTUATION = /\.\.\.|\+\+|--|[\s\S]/uy;

/** Keywords after which a slash begins a regular expression. */
const BEFORE_REGEX = new Set(
  'return typeof case in of delete void throw new else do await yield instanceof extends default'.split(' '),
);

/**
 * Splits a source into tokens, so that comments, texts and regular expressions are not mistaken for code.
 * The source must be one that the compiler accepts.
 */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** The open braces: of a block or an object, or of a template's `${`. */
  const braces: ('code' | 'template')[] = [];
  let at = 0;
  let line = 1;
  /** Whether a slash after the last token divides. */
  let afterValue = false;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const advance = (text: string): void => {
    at += text.length;
    line += text.split('\n').length - 1;
  };
  const add = (kind: Token['kind'], text: string, written: string, isValue: boolean): void => {
    tokens.push({ kind, text, line });
    advance(written);
    afterValue = isValue;
  };
  const addTemplate = (lead: string): void => {
    at += lead.length;
    const [written, text, end] = match(TEMPLATE) ?? ['', '', '`'];
    if (end === '${') braces.push('template');
    add(lead === '`' && end === '`' ? 'string' : 'other', end === '`' ? text! : '', written, end === '`');
  };

  while (at < source.length) {
    const gap = match(GAP);
    if (gap !== null) {
      advance(gap[0]);
      continue;
    }
    const char = source[at]!;
    const word = match(WORD);
    const quoted = match(QUOTED);
    const regex = char === '/' && !afterValue ? match(REGEX) : null;
    const number = match(NUMBER);
    if (word !== null) add('word', word[0], word[0], !BEFORE_REGEX.has(word[0]));
    else if (quoted !== null) add('string', quoted[1] ?? quoted[2] ?? '', quoted[0], true);
    else if (regex !== null) add('other', '', regex[0], true);
    else if (number !== null) add('other', number[0], number[0], true);
    else if (char === '`') addTemplate('`');
    else if (char === '}' && braces.pop() === 'template') addTemplate('}');
    else {
      if (char === '{') braces.push('code');
      const [written] = match(PUNCTUATION)!;
      // After `x!`, `x++` and `x--` a slash divides as it would after `x`.
      const keeps = written === '!' || written === '++' || written === '--';
      add('other', written, written, keeps ? afterValue : [')', ']', '}'].includes(written));
    }
  }
  return tokens;
}
