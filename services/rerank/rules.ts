import type { FeatureTable } from '#algorithms/bandit/choice.ts';
import type { RowKinds, SlateRules } from '#algorithms/bandit/slate-rules.ts';
import { idFault } from '#contracts/domain/ids.ts';
import { parseInstant } from '#contracts/domain/instants.ts';
import type { SlateFilter } from '#contracts/domain/slate-filter.ts';
import type { Setting } from '#platform/config.ts';
import { alikeRows, type RowTerms } from './alike.ts';
import type { Candidates } from './candidates.ts';
import { BOOST } from './columns.ts';

/** An item that stands in a slot whenever it may be shown. */
export interface Pin {
  /** 0 on top. */
  readonly slot: number;
  readonly itemId: string;
}

/** Items of a category, or with an attribute. */
export type ItemTerms = Pick<SlateFilter, 'anyCategory' | 'attributes'>;

/** What is added to the score of items, for a while. */
export interface Boost {
  readonly filter: ItemTerms;
  /** In units of the score; one standard deviation of a model's score is .05 before any reward. */
  readonly score: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Rules of an operator. */
export interface OperatorRules {
  readonly pins: readonly Pin[];
  readonly boosts: readonly Boost[];
  /** Slots at the end of a slate that are kept for items of which nothing is known. */
  readonly coldSlots: number;
}

export const NO_RULES: OperatorRules = { pins: [], boosts: [], coldSlots: 0 };

/** Whether any rule is set: without one slates cost no more. */
export function hasRules({ pins, boosts, coldSlots }: OperatorRules): boolean {
  return pins.length + boosts.length + coldSlots > 0;
}

/** Which row each pin has; pins of items that are no candidates are left out, and a row stands in one slot. */
export function pinnedRows(pins: readonly Pin[], itemIds: readonly string[]): Map<number, number> {
  const rowOf = new Map(itemIds.map((itemId, row) => [itemId, row]));
  const pinned = new Map<number, number>();
  for (const { slot, itemId } of pins) {
    const row = rowOf.get(itemId);
    if (row !== undefined && ![...pinned.values()].includes(row)) pinned.set(slot, row);
  }
  return pinned;
}

/** Which rule moved a row. */
export type RuleOfRow = 'pinned' | 'cold' | 'boosted' | LimitOfSlate;

/** Which limit held back rows: that of items of one kind, or of those that are too alike. */
export type LimitOfSlate = 'of-one-kind' | 'too-alike';

/** Candidates with the items that are pinned, which are added if no model proposed them, and with boosts. */
export interface RuledCandidates extends Candidates {
  /** Row of each pin. */
  readonly pinned: ReadonlyMap<number, number>;
  readonly boosted: ReadonlySet<number>;
}

export interface RuleOptions {
  readonly rules: OperatorRules;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether an item may be shown to the user. */
  readonly mayShow: (itemId: string) => boolean;
  readonly testOf: (filter: SlateFilter) => (itemId: string) => boolean;
}

/** Returns the candidates as the rules want them; the same ones if no rule concerns them. */
export function applyRules(given: Candidates, { rules, now, mayShow, testOf }: RuleOptions): RuledCandidates {
  const { pins, boosts } = rules;
  const places = new Map(given.candidates.map(({ itemId }, row) => [itemId, row] as const));
  const added: string[] = [];
  const pinned = new Map<number, number>();
  for (const { slot, itemId } of pins) {
    if (!places.has(itemId)) {
      if (!mayShow(itemId)) continue;
      places.set(itemId, given.candidates.length + added.length);
      added.push(itemId);
    }
    const row = places.get(itemId)!;
    if (![...pinned.values()].includes(row)) pinned.set(slot, row);
  }
  const active = boosts.filter(({ until }) => now < until);
  if (added.length === 0 && active.length === 0) return { ...given, pinned, boosted: new Set() };
  const candidates = [
    ...given.candidates,
    ...added.map((itemId) => ({ itemId, models: [], because: null, explanation: '', popularity: 0 })),
  ];
  const tests = active.map(({ filter, score }) => ({
    score,
    passes: testOf({ ...filter, allCategories: [], exclude: [] }),
  }));
  const boosted = new Set<number>();
  const sums = candidates.map(({ itemId }, row) => {
    const passed = tests.filter(({ passes }) => passes(itemId));
    if (passed.length > 0) boosted.add(row);
    return passed.reduce((sum, { score }) => sum + score, 0);
  });
  return { candidates, features: widened(given.features, sums), pinned, boosted };
}

/** The table with a column of boosts; rows that it lacks have the bias and nothing else. */
function widened({ columns, values }: FeatureTable, boosts: readonly number[]): FeatureTable {
  const width = columns.length;
  const wide = new Float64Array(boosts.length * (width + 1));
  for (const [row, boost] of boosts.entries()) {
    const at = row * (width + 1);
    wide.set(values.subarray(row * width, (row + 1) * width), at);
    if ((row + 1) * width > values.length) wide[at + columns.indexOf('bias')] = 1;
    wide[at + width] = boost;
  }
  return { columns: [...columns, BOOST], values: wide };
}

/** How much the items of a slate may be alike. */
export interface SlateLimits {
  readonly kinds?: RowKinds | undefined;
  /** Most rows of one kind, at least 1. */
  readonly mostOfKind?: number | undefined;
  /** By which rows are told to be alike, and what each must add to those above. */
  readonly terms?: RowTerms | undefined;
  readonly leastNovelty?: number | undefined;
}

/** Homes of rows and slots: the last slots are kept for cold items. */
const [WARM, COLD] = [0, 1];

/**
 * Returns what each draw of a slate must obey: pinned rows stand in their slots, the last slots hold cold rows, and other rows fill what
 * the cold ones leave.
 * @returns undefined without any rule
 */
export function slateRulesOf(
  { candidates, pinned }: Pick<RuledCandidates, 'candidates' | 'pinned'>,
  size: number,
  coldSlots: number,
  limits: SlateLimits = {},
): SlateRules | undefined {
  const rows = candidates.length;
  const whole = Math.min(size, rows);
  const fixed = new Map([...pinned].filter(([slot]) => slot < whole));
  const { kinds, mostOfKind, terms, leastNovelty = 0 } = limits;
  const alikeTo = terms === undefined ? undefined : alikeRows(terms, leastNovelty);
  const isFree = fixed.size === 0 && coldSlots === 0 && kinds === undefined && alikeTo === undefined;
  if (isFree) return undefined;
  const rules = { rows, pinned: fixed, kinds, mostOfKind, alikeTo };
  if (coldSlots === 0) return rules;
  const taken = new Set(fixed.values());
  const ofRow = Uint8Array.from(candidates, ({ popularity }) => (popularity === 0 ? COLD : WARM));
  const free = [...ofRow.keys()].filter((row) => !taken.has(row));
  const cold = free.filter((row) => ofRow[row] === COLD).length;
  const open = Array.from({ length: whole }, (_, slot) => slot).filter((slot) => !fixed.has(slot));
  const kept = Math.max(open.length - (free.length - cold), Math.min(coldSlots, cold, open.length));
  const ofSlot = new Uint8Array(whole).fill(WARM);
  for (const slot of open.slice(open.length - kept)) ofSlot[slot] = COLD;
  return { ...rules, homes: { ofRow, ofSlot } };
}

/** Pins in one text: `0=item-7,3=item-9`. */
export function pins(variable: string, options: { summary: string }): Setting<readonly Pin[]> {
  return {
    ...{ variable, fallback: [], fallbackText: '', summary: options.summary },
    accepts: 'a list such as 0=item-7,3=item-9 of distinct slots from 0 to 49 with the ids of items',
    parse(text) {
      const parsed = text.split(',').map((part): Pin => {
        const [slot = '', ...rest] = part.trim().split('=');
        return { slot: /^\d{1,2}$/.test(slot) ? Number(slot) : -1, itemId: rest.join('=') };
      });
      const areSound = parsed.every(
        ({ slot, itemId }) => slot >= 0 && slot < 50 && idFault(itemId) === undefined,
      );
      return areSound && new Set(parsed.map(({ slot }) => slot)).size === parsed.length ? parsed : undefined;
    },
  };
}

/** Boosts in one text: `category=shoes 0.05 2026-12-24T00:00:00Z;brand:Acme -0.1 2026-12-31T00:00:00Z`. */
export function boosts(variable: string, options: { summary: string }): Setting<readonly Boost[]> {
  return {
    ...{ variable, fallback: [], fallbackText: '', summary: options.summary },
    accepts:
      'entries separated by semicolons, each with category=NAME or an attribute NAME:VALUE, a score from -10 to 10 and the time when it ends, such as category=shoes 0.05 2026-12-24T00:00:00Z',
    parse(text) {
      const parsed = text.split(';').map(parseBoost);
      return parsed.includes(undefined) ? undefined : (parsed as Boost[]);
    },
  };
}

/** Items that no slate shows, in one text: `category=tobacco;brand:Acme`. */
export function denials(variable: string, options: { summary: string }): Setting<readonly ItemTerms[]> {
  return {
    ...{ variable, fallback: [], fallbackText: '', summary: options.summary },
    accepts:
      'entries separated by semicolons, each with category=NAME or an attribute NAME:VALUE, such as category=tobacco;brand:Acme',
    parse(text) {
      const parsed = text.split(';').map((entry) => parseTerms(entry.trim()));
      return parsed.includes(undefined) ? undefined : (parsed as ItemTerms[]);
    },
  };
}

function parseTerms(text: string): ItemTerms | undefined {
  const [, category] = /^category=(.+)$/.exec(text) ?? [];
  if (category !== undefined) return { anyCategory: [category], attributes: [] };
  return /^[^:]+:.+$/.test(text) ? { anyCategory: [], attributes: [text] } : undefined;
}

/** Returns the test whether an item is denied; undefined if none is. It holds for the catalogue of this moment. */
export function deniedBy(
  denied: readonly ItemTerms[],
  testOf: RuleOptions['testOf'],
): ((itemId: string) => boolean) | undefined {
  if (denied.length === 0) return undefined;
  const tests = denied.map((terms) => testOf({ ...terms, allCategories: [], exclude: [] }));
  return (itemId) => tests.some((isDenied) => isDenied(itemId));
}

function parseBoost(text: string): Boost | undefined {
  const words = text.trim().split(/\s+/);
  const instant = parseInstant(words.at(-1) ?? '');
  const score = Number(words.at(-2) ?? Number.NaN);
  const what = words.slice(0, -2).join(' ');
  if ('reason' in instant || !(Math.abs(score) <= 10)) return undefined;
  const filter = parseTerms(what);
  return filter && { filter, score, until: instant.at };
}
