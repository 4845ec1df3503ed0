import { meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { SlateWalk } from '#algorithms/bandit/slate-rules.ts';
import type { SlateExplanation, SlotExplanation } from '#contracts/domain/explained-slate.ts';
import type { Slate } from '#contracts/generated/records.ts';
import type { Candidates } from './candidates.ts';
import { NO_CONTEXT } from './context.ts';
import type { LimitOfSlate, RuleOfRow } from './rules.ts';
import { productsOf, rulesOfSlate, type SlateRequest } from './slate.ts';

/**
 * Explains a slate that was composed for the request: where its items come from, and what they counted.
 * @param unknown terms of its filter and of the rules that no item has
 */
export function explainChoice(
  request: SlateRequest,
  slate: Slate,
  unknown: readonly string[] = [],
): SlateExplanation {
  const { pool, served, context = NO_CONTEXT, rules } = request;
  const candidates = rules?.ruled ?? request.candidates;
  const { columns } = candidates.features;
  const products = productsOf(columns, context, served.interactions ?? []);
  const weights =
    served.posterior === undefined
      ? new Float64Array(columns.length)
      : meanOfTable(served.posterior, { ...candidates.features, products });
  const shown = new Set(slate.slots.map(({ itemId }) => itemId));
  const held = heldBack(request, slate, scoreRows(candidates.features, weights));
  const missing = served.policy.missingIn(candidates.features);
  const given: Record<string, number> = {};
  const proposed: Record<string, number> = {};
  const ranks = new Map<string, Array<SlotExplanation['proposers'][number]>>();
  for (const { model, candidates: table, places } of pool.proposals) {
    proposed[model] = 0;
    given[model] = places.length;
    for (const [rank, place] of places.entries()) {
      const itemId = table.itemIds[place]!;
      if (!shown.has(itemId)) continue;
      const known = ranks.get(itemId) ?? [];
      if (known.some((one) => one.model === model)) continue;
      proposed[model] += 1;
      ranks.set(itemId, [...known, { model, rank }]);
    }
  }
  return {
    slots: slate.slots.map(({ itemId, because, features, propensity, conditional }, slot) => ({
      proposers: ranks.get(itemId) ?? [],
      medoid: because?.itemId ?? null,
      features: byName(columns, features),
      contributions: byName(
        columns,
        features.map((value, column) => value * weights[column]!),
      ),
      propensity,
      conditional,
      rules: [...rulesOf(request, itemId, slot), ...held.movers[slot]!],
    })),
    given,
    proposed,
    removed: { ...removedFrom(request), ...held.removed },
    ...(unknown.length === 0 ? {} : { unknown }),
    ...(missing === undefined ? {} : { missingColumn: missing }),
  };
}

/** What the limits of a slate did. */
interface HeldBack {
  /** By slot, the limits that held back a row of a higher score than that which is shown. */
  readonly movers: readonly LimitOfSlate[][];
  /** By limit, the number of rows that it held back from a slot, and that no other slot shows. */
  readonly removed: Readonly<Partial<Record<LimitOfSlate, number>>>;
}

/** @param scores expected score of each row */
function heldBack(request: SlateRequest, slate: Slate, scores: Float64Array): HeldBack {
  const movers: LimitOfSlate[][] = slate.slots.map(() => []);
  const removed: Partial<Record<LimitOfSlate, number>> = {};
  const rules = rulesOfSlate(request);
  if (rules === undefined) return { movers, removed };
  const { candidates } = request.rules?.ruled ?? request.candidates;
  const rowOf = new Map(candidates.map(({ itemId }, row) => [itemId, row]));
  const order = slate.slots.map(({ itemId }) => rowOf.get(itemId)!);
  const { kinds, alikeTo, ...others } = rules;
  const walks = [
    ['of-one-kind', kinds && { ...others, kinds }],
    ['too-alike', alikeTo && { ...others, alikeTo }],
  ] as const;
  for (const [limit, one] of walks) {
    if (one === undefined) continue;
    const walk = new SlateWalk(one);
    const back = new Set<number>();
    for (const [slot, row] of order.entries()) {
      const rows = [...candidates.keys()].filter((other) => walk.isHeldBack(other));
      for (const other of rows) back.add(other);
      if (rows.some((other) => scores[other]! > scores[row]!)) movers[slot]!.push(limit);
      walk.take(row);
    }
    for (const row of order) back.delete(row);
    removed[limit] = back.size;
  }
  return { movers, removed };
}

function rulesOf({ rules }: SlateRequest, itemId: string, slot: number): RuleOfRow[] {
  if (rules === undefined) return [];
  const { candidates, pinned, boosted } = rules.ruled;
  const row = candidates.findIndex((candidate) => candidate.itemId === itemId);
  const isPinned = pinned.get(slot) === row;
  const isCold = rules.coldSlots > 0 && !isPinned && candidates[row]?.popularity === 0;
  return [
    ...(isPinned ? (['pinned'] as const) : []),
    ...(isCold ? (['cold'] as const) : []),
    ...(boosted.has(row) ? (['boosted'] as const) : []),
  ];
}

function byName(names: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

/** Number of proposed items that are no candidates, by the rule that removed them. */
function removedFrom({
  pool,
  candidates,
  unfiltered = candidates,
  isDenied,
}: SlateRequest): Record<string, number> {
  const ids = (given: Candidates) => new Set(given.candidates.map(({ itemId }) => itemId));
  const [kept, known] = [ids(candidates), ids(unfiltered)];
  const removed: Record<string, number> = { 'acted-on-lately': 0, 'not-available': 0, filtered: 0 };
  if (isDenied !== undefined) removed.denied = 0;
  const seen = new Set<string>();
  for (const { candidates: table, places } of pool.proposals)
    for (const place of places) {
      const itemId = table.itemIds[place]!;
      if (kept.has(itemId) || seen.has(itemId)) continue;
      seen.add(itemId);
      const rule = known.has(itemId)
        ? isDenied?.(itemId)
          ? 'denied'
          : 'filtered'
        : pool.recent.has(itemId)
          ? 'acted-on-lately'
          : 'not-available';
      removed[rule]! += 1;
    }
  return removed;
}
