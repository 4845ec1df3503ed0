import { meanOfTable } from '#algorithms/bandit/choice.ts';
import type { SlateExplanation, SlotExplanation } from '#contracts/domain/explained-slate.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { NO_CONTEXT } from './context.ts';
import type { RuleOfRow } from './rules.ts';
import { productsOf, type SlateRequest } from './slate.ts';

/** Explains a slate that was composed for the request: where its items come from, and what they counted. */
export function explainChoice(request: SlateRequest, slate: Slate): SlateExplanation {
  const { pool, served, context = NO_CONTEXT, rules } = request;
  const candidates = rules?.ruled ?? request.candidates;
  const { columns } = candidates.features;
  const products = productsOf(columns, context, served.interactions ?? []);
  const weights =
    served.posterior === undefined
      ? new Float64Array(columns.length)
      : meanOfTable(served.posterior, { ...candidates.features, products });
  const shown = new Set(slate.slots.map(({ itemId }) => itemId));
  const proposed: Record<string, number> = {};
  const ranks = new Map<string, Array<SlotExplanation['proposers'][number]>>();
  for (const { model, candidates: table, places } of pool.proposals) {
    proposed[model] = 0;
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
      rules: rulesOf(request, itemId, slot),
    })),
    proposed,
    removed: removedFrom(request),
  };
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
function removedFrom({ pool, candidates }: SlateRequest): Record<string, number> {
  const kept = new Set(candidates.candidates.map(({ itemId }) => itemId));
  const removed = { 'acted-on-lately': 0, 'not-available': 0 };
  const seen = new Set<string>();
  for (const { candidates: table, places } of pool.proposals)
    for (const place of places) {
      const itemId = table.itemIds[place]!;
      if (kept.has(itemId) || seen.has(itemId)) continue;
      seen.add(itemId);
      removed[pool.recent.has(itemId) ? 'acted-on-lately' : 'not-available'] += 1;
    }
  return removed;
}
