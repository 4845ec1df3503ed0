/** Conditions on decoded values, as the command line takes them: `type=buy`, `slots.itemId~^12`, `reward>0`. */
import { TributaryError } from '#contracts/errors.ts';

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '!~';

export interface Condition {
  /** Names of fields from the outside in; a list is entered without naming a place. */
  readonly path: readonly string[];
  readonly operator: Operator;
  readonly operand: string;
  readonly test: (value: unknown) => boolean;
}

/**
 * Reads one condition: a path of fields, one of `= != > < >= <= ~ !~`, and a value. Through a list the path
 * means any element, so that `slots.itemId=7` holds when some slot shows 7, and `!=` and `!~` hold when none does.
 * An absent field equals `null`. Times may be given in ISO 8601.
 * @throws TributaryError `topics.option`
 */
export function parseCondition(text: string): Condition {
  const match = /^([\w.-]+)\s*(!=|>=|<=|!~|=|>|<|~)\s*(.*)$/s.exec(text);
  if (match === null) {
    throw new TributaryError(
      'topics.option',
      `“${text}” is no filter: write field=value, or one of != > < >= <= ~regex !~regex, as in type=buy.`,
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

/** Whether all conditions hold. */
export function matches(value: unknown, conditions: readonly Condition[]): boolean {
  return conditions.every(({ test }) => test(value));
}

/** The test of one leaf; the negated operators share it with their positive ones. */
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
      `“${text}” compares with ${operator}, which needs a number or a time.`,
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
    throw new TributaryError('topics.option', `The regular expression in “${text}” does not read.`, {
      cause,
    });
  }
}

function toNumber(operand: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(operand)) return Number(operand);
  return /^\d{4}-\d{2}-\d{2}/.test(operand) ? Date.parse(operand) : Number.NaN;
}

/** Everything that the path leads to; an absent field is null. */
function leaves(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((element) => leaves(element, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [null];
  return leaves(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null, rest);
}
