import { certainRows } from '#algorithms/bandit/choice.ts';
import { rowKinds } from '#algorithms/bandit/slate-rules.ts';
import { columnsOfModel, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { gatherCandidates } from '../../../services/rerank/candidates.ts';
import { type KindLimit, mostOfKind, priorScores } from '../../../services/rerank/kinds.ts';

/** Slots of a slate whose kinds are limited: the default number of recommendations. */
const SLATE = 10;

export interface SumOptions {
  /** The limit of items of one kind: the first ten are then a slate of ten, and the others follow by their scores. */
  readonly kinds?: KindLimit;
  /** Whether all lists count in full; by default as in the stage without settings. */
  readonly areListsEqual?: boolean;
}

/**
 * The sum of the proposals: the order in which the stage rerank shows the candidates before it has learned anything and without
 * exploring, that is by the sum of the models' standardised scores.
 * @param seen item ids that are left out
 * @returns the best first, ties in the order of the proposals
 */
export function sumOfProposals(
  proposals: readonly ModelProposal[],
  seen: ReadonlySet<string>,
  { kinds, areListsEqual = false }: SumOptions = {},
): string[] {
  const options = { excluded: seen, areListsEqual, now: 0 };
  const all = gatherCandidates(proposals.map(columnsOfModel), options);
  const scores = priorScores(all);
  const idsOf = (rows: Iterable<number>): string[] => Array.from(rows, (row) => all.candidates[row]!.itemId);
  const ranked = idsOf(certainRows(scores, scores.length));
  if (kinds === undefined) return ranked;
  const rules = {
    rows: scores.length,
    kinds: rowKinds(scores.length, (row) => kinds.kindOf(all.candidates[row]!.itemId)),
    mostOfKind: mostOfKind(kinds.most, SLATE),
  };
  const slate = idsOf(certainRows(scores, SLATE, rules));
  const isShown = new Set(slate);
  return [...slate, ...ranked.filter((itemId) => !isShown.has(itemId))];
}
