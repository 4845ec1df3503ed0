import { columnsOfModel, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { gatherCandidates } from '../../../services/rerank/candidates.ts';
import { priorMeanOf } from '../../../services/rerank/features.ts';

/**
 * The sum of the proposals: the order in which the stage rerank shows the candidates before it has learned anything and without
 * exploring, that is by the sum of the models' standardised scores.
 * @param seen item ids that are left out
 * @returns the best first, ties in the order of the proposals
 */
export function sumOfProposals(proposals: readonly ModelProposal[], seen: ReadonlySet<string>): string[] {
  const { candidates, features } = gatherCandidates(proposals.map(columnsOfModel), {
    excluded: seen,
    now: 0,
  });
  const { columns, values } = features;
  const means = columns.map(priorMeanOf);
  const scores = candidates.map((_, row) =>
    means.reduce((sum, mean, column) => sum + mean * values[row * columns.length + column]!, 0),
  );
  return [...candidates.keys()]
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .map((row) => candidates[row]!.itemId);
}
