import type { FeatureTable } from '#algorithms/bandit/choice.ts';
import { canExplain } from '#contracts/domain/explanation.ts';
import type { Cause, Proposal, ProposedItem } from '#contracts/generated/records.ts';
import {
  BIAS,
  CANDIDATE_FEATURES,
  type CandidateFeature,
  MODEL_FEATURES,
  type PooledCandidate,
  type Ranking,
} from './features.ts';

const LARGEST_SCORE = 3;

export interface Candidates {
  /** In the order of the rows of `features`. */
  readonly candidates: readonly PooledCandidate[];
  readonly features: FeatureTable;
}

interface Gathered extends PooledCandidate {
  models: string[];
  because: Cause | null;
  explanation: string;
  popularity: number;
}

/**
 * Returns the union of the proposals with its features; no two proposals are of one model.
 * @param excluded item ids that are left out
 * @param isOffered whether an item may be shown; by default all may
 * @param now milliseconds since the epoch
 */
export function gatherCandidates(
  proposals: readonly Proposal[],
  {
    excluded,
    isOffered = () => true,
    now,
  }: { excluded: ReadonlySet<string>; isOffered?: (itemId: string) => boolean; now: number },
): Candidates {
  const rows = new Map<string, number>();
  const candidates: Gathered[] = [];
  for (const proposal of proposals) {
    for (const item of proposal.items) {
      const isLeftOut = excluded.has(item.itemId) || (!rows.has(item.itemId) && !isOffered(item.itemId));
      if (!isLeftOut) gather(candidates, rows, proposal, item);
    }
  }
  const columns: string[] = [];
  const width = 1 + proposals.length * MODEL_FEATURES.length + CANDIDATE_FEATURES.length;
  const values = new Float64Array(candidates.length * width);
  function write(name: string, of: (row: number) => number): void {
    for (let row = 0; row < candidates.length; row++) values[row * width + columns.length] = of(row);
    columns.push(name);
  }
  const writeFeature = ({ name, of }: CandidateFeature) => write(name, (row) => of(candidates[row]!, now));
  writeFeature(BIAS);
  for (const proposal of proposals) {
    const ranking = rankingOf(proposal, rows);
    for (const { name, of } of MODEL_FEATURES) write(`${proposal.model}.${name}`, (row) => of(ranking, row));
  }
  for (const feature of CANDIDATE_FEATURES) writeFeature(feature);
  return { candidates, features: { columns, values } };
}

function gather(
  candidates: Gathered[],
  rows: Map<string, number>,
  proposal: Proposal,
  item: ProposedItem,
): void {
  const { model } = proposal;
  const explanation = canExplain(proposal.explanation, item.because !== null) ? proposal.explanation : '';
  const row = rows.get(item.itemId);
  const known = row === undefined ? undefined : candidates[row];
  if (known === undefined) {
    rows.set(item.itemId, candidates.length);
    const { itemId, because, popularity } = item;
    candidates.push({ itemId, models: [model], because, explanation, popularity });
    return;
  }
  if (!known.models.includes(model)) known.models.push(model);
  if (known.because === null && (item.because !== null || known.explanation === '')) {
    known.because = item.because;
    known.explanation = explanation;
  }
  known.popularity = Math.max(known.popularity, item.popularity);
}

/** Candidates that the model did not propose get the lowest score of its list. */
function rankingOf({ items }: Proposal, rows: ReadonlyMap<string, number>): Ranking {
  const places = new Int32Array(rows.size).fill(-1);
  const scores = new Float64Array(rows.size);
  let lowest = Number.POSITIVE_INFINITY;
  for (const [place, { itemId, score }] of items.entries()) {
    const row = rows.get(itemId);
    if (row === undefined) continue;
    if (places[row] === -1) places[row] = place;
    scores[row] = score;
    lowest = Math.min(lowest, score);
  }
  if (lowest < Number.POSITIVE_INFINITY) {
    for (let row = 0; row < places.length; row++) if (places[row] === -1) scores[row] = lowest;
  }
  return { places, scores, standardScores: standardise(scores) };
}

function standardise(values: Float64Array): Float64Array {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]!;
  mean /= values.length;
  let variance = 0;
  for (let i = 0; i < values.length; i++) variance += (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(variance / values.length);
  const standardised = new Float64Array(values.length);
  if (!(deviation > 1e-12 * Math.abs(mean) && deviation < Number.POSITIVE_INFINITY)) return standardised;
  for (let i = 0; i < values.length; i++) {
    const score = (values[i]! - mean) / deviation;
    standardised[i] = Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, score));
  }
  return standardised;
}
