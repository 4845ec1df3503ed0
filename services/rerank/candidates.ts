import type { FeatureTable } from '#algorithms/bandit/choice.ts';
import { canExplain } from '#contracts/domain/explanation.ts';
import type { CandidateTable, ListColumns } from '#contracts/domain/proposed-lists.ts';
import type { Cause } from '#contracts/generated/records.ts';
import {
  BIAS,
  CANDIDATE_FEATURES,
  type CandidateFeature,
  MODEL_FEATURES,
  type PooledCandidate,
  type Ranking,
} from './features.ts';

const LARGEST_SCORE = 3;
/** Rows of candidates of a table: those that are left out, and those that no list named yet. */
const LEFT_OUT = -1;
const UNSEEN = -2;

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
 * Returns the union of the lists with its features; no two lists are of one model.
 * @param excluded item ids that are left out
 * @param isOffered whether an item may be shown; by default all may
 * @param now milliseconds since the epoch
 */
export function gatherCandidates(
  lists: readonly ListColumns[],
  {
    excluded,
    isOffered = () => true,
    now,
  }: { excluded: ReadonlySet<string>; isOffered?: (itemId: string) => boolean; now: number },
): Candidates {
  const rows = new Map<string, number>();
  const candidates: Gathered[] = [];
  const rowsOf = new Map<CandidateTable, Int32Array>();
  const rowOf = (itemId: string): number => {
    if (excluded.has(itemId)) return LEFT_OUT;
    const known = rows.get(itemId);
    if (known !== undefined) return known;
    if (!isOffered(itemId)) return LEFT_OUT;
    rows.set(itemId, candidates.length);
    candidates.push({ itemId, models: [], because: null, explanation: '', popularity: 0 });
    return candidates.length - 1;
  };
  for (const list of lists) {
    let known = rowsOf.get(list.candidates);
    if (known === undefined) {
      known = new Int32Array(list.candidates.itemIds.length).fill(UNSEEN);
      rowsOf.set(list.candidates, known);
    }
    for (let place = 0; place < list.places.length; place++) {
      const at = list.places[place]!;
      if (known[at] === UNSEEN) known[at] = rowOf(list.candidates.itemIds[at]!);
      if (known[at] !== LEFT_OUT) gather(candidates[known[at]!]!, list, place);
    }
  }
  const columns: string[] = [];
  const width = 1 + lists.length * MODEL_FEATURES.length + CANDIDATE_FEATURES.length;
  const values = new Float64Array(candidates.length * width);
  function write(name: string, of: (row: number) => number): void {
    for (let row = 0; row < candidates.length; row++) values[row * width + columns.length] = of(row);
    columns.push(name);
  }
  const writeFeature = ({ name, of }: CandidateFeature) => write(name, (row) => of(candidates[row]!, now));
  writeFeature(BIAS);
  for (const list of lists) {
    const ranking = rankingOf(list, rowsOf.get(list.candidates)!, candidates.length);
    for (const { name, of } of MODEL_FEATURES) write(`${list.model}.${name}`, (row) => of(ranking, row));
  }
  for (const feature of CANDIDATE_FEATURES) writeFeature(feature);
  return { candidates, features: { columns, values } };
}

function gather(candidate: Gathered, list: ListColumns, place: number): void {
  const { model, candidates } = list;
  const because = candidates.causes[list.causes[place] ?? -1] ?? null;
  const explanation = canExplain(list.explanation, because !== null) ? list.explanation : '';
  candidate.popularity = Math.max(candidate.popularity, candidates.popularity[list.places[place]!] ?? 0);
  if (candidate.models.length === 0) {
    candidate.because = because;
    candidate.explanation = explanation;
  } else if (candidate.because === null && (because !== null || candidate.explanation === '')) {
    candidate.because = because;
    candidate.explanation = explanation;
  }
  if (!candidate.models.includes(model)) candidate.models.push(model);
}

/** Candidates that the model did not propose get the lowest score of its list. */
function rankingOf(
  { places: positions, scores: given }: ListColumns,
  rows: Int32Array,
  size: number,
): Ranking {
  const places = new Int32Array(size).fill(-1);
  const scores = new Float64Array(size);
  let lowest = Number.POSITIVE_INFINITY;
  for (let place = 0; place < positions.length; place++) {
    const row = rows[positions[place]!]!;
    if (row === LEFT_OUT) continue;
    if (places[row] === -1) places[row] = place;
    scores[row] = given[place]!;
    lowest = Math.min(lowest, given[place]!);
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
