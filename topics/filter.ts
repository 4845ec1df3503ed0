/** Conditions on decoded values, as given on the command line: `type=buy`, `slots.itemId~^12`, `reward>0`. */
import { TributaryError } from '#contracts/errors.ts';
import { parseTime } from './positions.ts';

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '!~';

export interface Condition {
  /** Names of fields, outermost first. Lists are entered without an index. */
  readonly path: readonly string[];
  readonly operator: Operator;
  readonly operand: string;
  readonly test: (value: unknown) => boolean;
}

/**
 * Parses one condition: a path of fields, one of `= != > < >= <= ~ !~`, and a value. Through a list the path means
 * any element: `slots.itemId=7` matches if some slot shows 7; `!=` and `!~` match if no slot does. An absent field
 * equals `null`. Times may be written in ISO 8601.
 * @throws TributaryError `topics.option`
 */
export function parseCondition(text: string): Condition {
  const match = /^([\w.-]+)\s*(!=|>=|<=|!~|=|>|<|~)\s*(.*)$/s.exec(text);
  if (match === null) {
    throw new TributaryError(
      'topics.option',
      `--filter “${text}”: write field=value, or one of != > < >= <= ~regex !~regex, as in type=buy.`,
    );
  }
  const path = match[1]!.split('.');
  const operator = match[2] as Operator;
  const operand = match[3]!;
  const holds = leafTest(text, operator, operand);
  const negated = operator === '!=' || operator === '!~';
  return {
    path,
    operator,
    operand,
    test: (value) => leaves(value, path).some(holds) !== negated,
  };
}

/** Returns whether all conditions match. */
export function matches(value: unknown, conditions: readonly Condition[]): boolean {
  return conditions.every(({ test }) => test(value));
}

/** Whether the headers of a message match. */
export type HeaderTest = (headers: Readonly<Record<string, Buffer>>) => boolean;

/**
 * Parses a condition on a header: a name, which must be there, or a name with an operator and a value as in `parseCondition`.
 * @throws TributaryError `topics.option`
 */
export function parseHeaderTest(text: string): HeaderTest {
  if (/^[\w.-]+$/.test(text)) return (headers) => Object.hasOwn(headers, text);
  const { path, test } = parseCondition(text);
  const name = path.join('.');
  // The name of a header may contain dots, so the header is handed over under the path that the dots name.
  return (headers) => {
    const value = Object.hasOwn(headers, name) ? headers[name]!.toString('utf8') : null;
    return test(path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value));
  };
}

/**
 * Parses a regular expression that a printed line must match.
 * @throws TributaryError `topics.option`
 */
export function parseGrep(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new TributaryError('topics.option', `--grep “${pattern}”: the regular expression is invalid.`, {
      cause,
    });
  }
}

/** Returns the test of one leaf; negated operators use the test of their positive ones. */
function leafTest(text: string, operator: Operator, operand: string): (leaf: unknown) => boolean {
  if (operator === '~' || operator === '!~') {
    const regex = compile(text, operand);
    return (leaf) => regex.test(String(leaf));
  }
  const number = toNumber(operand);
  if (operator === '=' || operator === '!=') {
    return (leaf) => String(leaf) === operand || (typeof leaf === 'number' && leaf === number);
  }
  if (Number.isNaN(number)) {
    throw new TributaryError(
      'topics.option',
      `--filter “${text}”: ${operator} compares numbers or times only, such as 2026-03-01T12:00Z.`,
    );
  }
  const compare = {
    '>': (leaf: number) => leaf > number,
    '<': (leaf: number) => leaf < number,
    '>=': (leaf: number) => leaf >= number,
    '<=': (leaf: number) => leaf <= number,
  }[operator];
  return (leaf) => typeof leaf === 'number' && compare(leaf);
}

function compile(text: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new TributaryError('topics.option', `--filter “${text}”: the regular expression is invalid.`, {
      cause,
    });
  }
}

function toNumber(operand: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(operand)) return Number(operand);
  const time = parseTime(operand);
  return 'at' in time ? time.at : Number.NaN;
}

/** Returns all leaves that the path reaches; an absent field is null. */
function leaves(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((element) => leaves(element, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [null];
  return leaves(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null, rest);
}
