/** Says in sentences what is wrong with a mapping: each names the entry and what to write. */
import { ACTION_TYPES } from '#contracts/generated/records.ts';
import { closestWord } from '#topics/closest-word.ts';
import { isTimeZone } from './event-times.ts';

type Check = (name: string, value: unknown) => readonly string[];

const SOURCE_FORMS =
  'the name of a column in quotes, {"constant": "…"}, {"column": "…", "values": {"theirs": "ours"}} or {"columns": ["…", "…"]}';

const heading: Check = (name, value) => listFaults(name, value, 'the names of all columns of the file');

const encoding = oneOf(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']);

const ACTION_FIELDS: Readonly<Record<string, Check>> = {
  encoding,
  eventId: source,
  userId: source,
  itemId: source,
  type: (name, value) => [...source(name, value), ...typeFaults(name, value)],
  occurredAt: source,
  contextId: source,
  value: source,
  columns: heading,
  timeFormat: oneOf(['ms', 's', 'iso', 'day-first', 'month-first']),
  timeZone: (name, value) =>
    typeof value === 'string' && isTimeZone(value)
      ? []
      : [
          `${name} must be "Z" for UTC, an offset such as "+01:00", or a zone such as "Europe/Berlin", not ${shown(value)}.`,
        ],
  decimal: oneOf(['.', ',']),
};

const ITEM_FIELDS: Readonly<Record<string, Check>> = {
  encoding,
  columns: heading,
  itemId: source,
  title: source,
  text: source,
  picture: source,
  categories: (name, value) =>
    isObject(value)
      ? fieldFaults(name, value, { column, separator: text })
      : listFaults(name, value, 'columns, or {"column": "…", "separator": ">"}'),
  attributes: (name, value) =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, one]) => column(`${name}.${key}`, one))
      : listFaults(name, value, 'columns, or {"name of the attribute": "column"}'),
};

const PARTS: Readonly<Record<string, Check>> = {
  encoding,
  actions: (name, value) => fieldFaults(name, value, ACTION_FIELDS),
  items: (name, value) => fieldFaults(name, value, ITEM_FIELDS),
};

/** Returns a sentence for each fault; empty for a valid mapping. */
export function mappingFaults(value: unknown): readonly string[] {
  if (!isObject(value)) return ['A mapping is one JSON object: {"actions": {…}, "items": {…}}.'];
  return fieldFaults('', value, PARTS);
}

function fieldFaults(
  name: string,
  value: unknown,
  fields: Readonly<Record<string, Check>>,
): readonly string[] {
  if (!isObject(value)) return [`${name} must be an object in braces, not ${shown(value)}.`];
  return Object.entries(value).flatMap(([key, one]) => {
    const path = name === '' ? key : `${name}.${key}`;
    const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
    return check === undefined ? [unknownField(path, key, name, Object.keys(fields))] : check(path, one);
  });
}

function unknownField(path: string, key: string, parent: string, known: readonly string[]): string {
  const same = known.find((one) => one.toLowerCase() === key.toLowerCase());
  const meant = same ?? closestWord(key, known);
  // A field that stands one level too high is a frequent mistake.
  const home = ['actions', 'items'].filter((part) =>
    Object.hasOwn(part === 'actions' ? ACTION_FIELDS : ITEM_FIELDS, key),
  );
  const place =
    parent === '' && home.length > 0
      ? ` It belongs into ${home.map((part) => `“${part}”`).join(' or ')}.`
      : '';
  const hint = meant === undefined ? place : ` Did you mean ${meant}?`;
  return `${path} is no entry of a mapping.${hint} ${parent === '' ? 'A mapping' : parent} has ${known.join(', ')}.`;
}

function source(name: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return column(name, value);
  if (!isObject(value)) return [`${name} must be ${SOURCE_FORMS}, not ${shown(value)}.`];
  if ('constant' in value) {
    return fieldFaults(name, value, {
      constant: (path, one) =>
        ['string', 'number'].includes(typeof one)
          ? []
          : [`${path} must be a text or a number, not ${shown(one)}.`],
    });
  }
  if ('columns' in value) {
    return fieldFaults(name, value, {
      columns: (path, one) => listFaults(path, one, 'the columns that are joined'),
    });
  }
  if (!('column' in value)) return [`${name} must be ${SOURCE_FORMS}, not ${shown(value)}.`];
  const missing = 'values' in value ? [] : [`${name}.values is missing: write ${name} as ${SOURCE_FORMS}.`];
  return [...missing, ...fieldFaults(name, value, { column, values: translations })];
}

function translations(name: string, value: unknown): readonly string[] {
  if (!isObject(value))
    return [`${name} must be an object such as {"purchase": "buy"}, not ${shown(value)}.`];
  return Object.entries(value).flatMap(([key, one]) =>
    typeof one === 'string' ? [] : [`${name}.${key} must be a text in quotes, not ${shown(one)}.`],
  );
}

function typeFaults(name: string, value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  const targets = isObject(value.values) ? Object.values(value.values) : [];
  if ('constant' in value) targets.push(value.constant);
  const unknown = targets.filter(
    (one) => typeof one === 'string' && !ACTION_TYPES.some((type) => type === one.trim().toLowerCase()),
  ) as string[];
  return [...new Set(unknown)].map((one) => {
    const meant = closestWord(one, ACTION_TYPES);
    return `${name} translates into “${one}”, which is no type of action.${meant === undefined ? '' : ` Did you mean ${meant}?`} The types are ${ACTION_TYPES.join(', ')}.`;
  });
}

function listFaults(name: string, value: unknown, meaning: string): readonly string[] {
  if (!Array.isArray(value))
    return [`${name} must be a list in brackets of ${meaning}, not ${shown(value)}.`];
  const needed = value.length === 0 && /columns$/.test(name) ? [`${name} is empty: list ${meaning}.`] : [];
  return [...needed, ...value.flatMap((one, place) => column(`${name}[${place}]`, one))];
}

function column(name: string, value: unknown): readonly string[] {
  if (typeof value !== 'string')
    return [`${name} must be the name of a column in quotes, not ${shown(value)}.`];
  return value === '' ? [`${name} is empty: write the name of a column, or leave the entry out.`] : [];
}

function text(name: string, value: unknown): readonly string[] {
  return typeof value === 'string' && value !== ''
    ? []
    : [`${name} must be a text such as ">", not ${shown(value)}.`];
}

function oneOf(values: readonly string[]): Check {
  return (name, value) => {
    if (values.some((one) => one === value)) return [];
    const meant = typeof value === 'string' ? closestWord(value.toLowerCase(), values) : undefined;
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    return [
      `${name} must be one of ${values.map((one) => `"${one}"`).join(', ')}, not ${shown(value)}.${hint}`,
    ];
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
