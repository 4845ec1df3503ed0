/** The validity of the lists of a proposal: every number within its bound, and every position within its table. */
import type { Fault } from '../fault.ts';
import type { ModelList, Proposal } from '../generated/records.ts';
import { idFault } from './ids.ts';
import { isWithin, LIST_LIMITS, lengthFault, NUMBER_BOUNDS, numberFault } from './number-bounds.ts';

/** Returns why the lists of a proposal cannot enter a pool; undefined if they can, or if the record has none. */
export function listsFault(proposal: Proposal): Fault | undefined {
  const { candidates, popularity, causes, lists, model, items } = proposal;
  if (lists.length === 0) return undefined;
  if (model !== '' || items.length > 0)
    return invalid(model === '' ? 'items' : 'model', 'is not empty, although the record has lists');
  const fault =
    lengthFault('lists', lists, LIST_LIMITS.lists) ??
    lengthFault('candidates', candidates) ??
    lengthFault('causes', causes) ??
    columnFault('popularity', popularity, candidates.length) ??
    numbersFault('popularity', popularity, NUMBER_BOUNDS.share) ??
    numbersFault('causes', causes, NUMBER_BOUNDS.share, ({ importance }) => importance, '.importance') ??
    idsFault(candidates) ??
    placesLimitFault(lists);
  if (fault !== undefined) return fault;
  const models = new Set<string>();
  for (const [index, list] of lists.entries()) {
    const field = `lists[${index}]`;
    if (models.has(list.model)) return invalid(`${field}.model`, `is ${list.model} a second time`);
    models.add(list.model);
    const inList = listFault(field, list, proposal);
    if (inList !== undefined) return inList;
  }
  return undefined;
}

function listFault(field: string, list: ModelList, { candidates, causes }: Proposal): Fault | undefined {
  const { places, scores, explanations, reasons } = list;
  if (scores.length !== places.length)
    return invalid(`${field}.scores`, `has ${scores.length} entries for ${places.length} places`);
  const lastCandidate = { least: 0, most: candidates.length - 1 };
  const lastCause = { least: -1, most: causes.length - 1 };
  const lastReason = { least: -1, most: explanations.length - 1 };
  return (
    columnFault(`${field}.causes`, list.causes, places.length) ??
    numbersFault(`${field}.places`, places, lastCandidate) ??
    numbersFault(`${field}.causes`, list.causes, lastCause) ??
    numbersFault(`${field}.scores`, scores, NUMBER_BOUNDS.score) ??
    lengthFault(`${field}.explanations`, explanations, LIST_LIMITS.explanations) ??
    columnFault(`${field}.reasons`, reasons, places.length) ??
    numbersFault(`${field}.reasons`, reasons, lastReason)
  );
}

/** All lists together have as many entries as one list may have. */
function placesLimitFault(lists: readonly ModelList[]): Fault | undefined {
  const entries = lists.reduce((sum, { places }) => sum + places.length, 0);
  if (entries <= LIST_LIMITS.entries) return undefined;
  const reason = `have ${entries} places together; at most ${LIST_LIMITS.entries} are allowed`;
  return { code: 'list.limit', field: 'lists', reason };
}

/** A column has one entry a row, or none. */
function columnFault(field: string, column: readonly unknown[], rows: number): Fault | undefined {
  if (column.length === 0 || column.length === rows) return undefined;
  return invalid(field, `has ${column.length} entries for ${rows}`);
}

function idsFault(itemIds: readonly string[]): Fault | undefined {
  for (let at = 0; at < itemIds.length; at++) {
    const reason = idFault(itemIds[at]!);
    if (reason !== undefined) return invalid(`candidates[${at}]`, reason);
  }
  return undefined;
}

/** Runs for each number of each proposal, so it builds no names of fields before it has found a fault. */
function numbersFault<T>(
  field: string,
  entries: readonly T[],
  bound: { readonly least: number; readonly most: number },
  numberOf: (entry: T) => number = Number,
  part = '',
): Fault | undefined {
  for (let at = 0; at < entries.length; at++) {
    const number = numberOf(entries[at]!);
    if (!isWithin(number, bound)) return numberFault(`${field}[${at}]${part}`, number, bound);
  }
  return undefined;
}

function invalid(field: string, reason: string): Fault {
  return { code: 'field.invalid', field, reason };
}
