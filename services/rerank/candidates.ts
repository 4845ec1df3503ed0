import type { FeatureTable } from '#algorithms/bandit/choice.ts';
import { COMBINER } from '#artefacts/combiner.ts';
import { canExplain } from '#contracts/domain/explanation.ts';
import { isEveryone } from '#contracts/domain/ids.ts';
import type { CandidateTable, ListColumns } from '#contracts/domain/proposed-lists.ts';
import type { Cause } from '#contracts/generated/records.ts';
import {
  BESIDE_SCORE,
  BIAS,
  CANDIDATE_FEATURES,
  type CandidateFeature,
  MODEL_FEATURES,
  type ModelFeature,
  OWN_SCORE,
  type PooledCandidate,
} from './features.ts';
import { LEFT_OUT, ListRanking } from './list-ranking.ts';

/** The row of a candidate of a table that no list has named yet. */
const UNSEEN = -2;

/** The features of a list that counts in full where others count less, and of these. */
const [FEATURES_OF_OWN, FEATURES_BESIDE] = [OWN_SCORE, BESIDE_SCORE].map((score): readonly ModelFeature[] =>
  MODEL_FEATURES.map((feature) => (feature.name === 'score' ? score : feature)),
) as [readonly ModelFeature[], readonly ModelFeature[]];

export interface Candidates {
  /** In the order of the rows of `features`. */
  readonly candidates: readonly PooledCandidate[];
  readonly features: FeatureTable;
}

export interface GatherOptions {
  /** Item ids that are left out. */
  readonly excluded: ReadonlySet<string>;
  /** Whether an item may be shown; by default all may. */
  readonly isOffered?: ((itemId: string) => boolean) | undefined;
  /** Whether all lists count in full; by default those for everybody count less, and those that a combiner has combined. */
  readonly areListsEqual?: boolean;
  /** Names of further columns behind the features, which the caller fills; none by default. */
  readonly further?: readonly string[];
}

/** Returns the union of the lists with its features; no two lists are of one model. */
export function gatherCandidates(
  lists: readonly ListColumns[],
  { now, ...options }: GatherOptions & { readonly now: number },
): Candidates {
  return atTime(tabulateCandidates(lists, options), now);
}

/** Writes the features that depend on the time into the table. @param now milliseconds since the epoch */
export function atTime(gathered: Candidates, now: number): Candidates {
  const { candidates, features } = gathered;
  const { columns, values } = features;
  const first = columns.indexOf(CANDIDATE_FEATURES[0]!.name);
  for (const [index, { of, dependsOnTime }] of CANDIDATE_FEATURES.entries()) {
    if (dependsOnTime !== true) continue;
    let at = first + index;
    for (let row = 0; row < candidates.length; row++, at += columns.length)
      values[at] = of(candidates[row]!, now);
  }
  return gathered;
}

/** Like `gatherCandidates`, but the features that depend on the time are not set; `atTime` sets them. */
export function tabulateCandidates(
  lists: readonly ListColumns[],
  { excluded, isOffered, areListsEqual = false, further = [] }: GatherOptions,
): Candidates {
  const union = new Union(excluded, isOffered);
  for (const list of lists) union.add(list);
  const { candidates } = union;
  const columns: string[] = [];
  const width = 1 + lists.length * MODEL_FEATURES.length + CANDIDATE_FEATURES.length + further.length;
  const values = new Float64Array(candidates.length * width);
  const write = ({ name, of, dependsOnTime }: CandidateFeature): void => {
    let at = columns.push(name) - 1;
    if (dependsOnTime === true) return;
    for (let row = 0; row < candidates.length; row++, at += width) values[at] = of(candidates[row]!, 0);
  };
  write(BIAS);
  const counted = areListsEqual ? lists : countedInFull(lists);
  const isOwn = new Uint8Array(candidates.length);
  // The order is that of the combiner, so its reasons are the true ones.
  for (const list of counted) if (list.model === COMBINER) union.explainBy(list);
  for (const list of counted) markRows(isOwn, list, union.rowsOf(list.candidates));
  const whole = counted.length === lists.length ? MODEL_FEATURES : FEATURES_OF_OWN;
  for (const list of lists) {
    const ranking = new ListRanking(list, union.rowsOf(list.candidates), isOwn);
    for (const { name, of } of counted.includes(list) ? whole : FEATURES_BESIDE) {
      let at = columns.push(`${list.model}.${name}`) - 1;
      for (let row = 0; row < candidates.length; row++, at += width) values[at] = of(ranking, row);
    }
  }
  for (const feature of CANDIDATE_FEATURES) write(feature);
  columns.push(...further);
  return { candidates, features: { columns, values } };
}

/**
 * The lists that count in full: that of the combiner alone if it has items, because it has learned the worth of the others, else those of
 * the user, else all.
 */
function countedInFull(lists: readonly ListColumns[]): readonly ListColumns[] {
  const combined = lists.filter(({ model, places }) => model === COMBINER && places.length > 0);
  if (combined.length > 0) return combined;
  const own = lists.filter(({ userId }) => !isEveryone(userId));
  return own.length > 0 ? own : lists;
}

function markRows(isMarked: Uint8Array, { places }: ListColumns, rows: Int32Array): void {
  for (const at of places) {
    const row = rows[at]!;
    if (row !== LEFT_OUT) isMarked[row] = 1;
  }
}

/** The models of a candidate so far. Candidates with the same models share it, because there are thousands of them in memory. */
interface ModelSet {
  readonly models: readonly string[];
  readonly next: Map<string, ModelSet>;
}

interface Gathered extends PooledCandidate {
  models: readonly string[];
  because: Cause | null;
  medoid?: Cause | null;
  explanation: string;
  popularity: number;
}

/** Gives each item of the lists a row, in the order in which the lists name them. */
class Union {
  readonly candidates: Gathered[] = [];
  readonly #excluded: ReadonlySet<string>;
  readonly #isOffered: GatherOptions['isOffered'];
  /** The rows of the candidates of each table. */
  readonly #rows = new Map<CandidateTable, Int32Array>();
  readonly #byItem = new Map<string, number>();
  readonly #noModel: ModelSet = { models: [], next: new Map() };
  /** By row. */
  readonly #models: ModelSet[] = [];

  constructor(excluded: ReadonlySet<string>, isOffered: GatherOptions['isOffered']) {
    this.#excluded = excluded;
    this.#isOffered = isOffered;
  }

  rowsOf(table: CandidateTable): Int32Array {
    let rows = this.#rows.get(table);
    if (rows === undefined) {
      rows = new Int32Array(table.itemIds.length).fill(UNSEEN);
      this.#rows.set(table, rows);
    }
    return rows;
  }

  add({ model, candidates: table, places, causes, ...list }: ListColumns): void {
    const rows = this.rowsOf(table);
    for (let place = 0; place < places.length; place++) {
      const at = places[place]!;
      let row = rows[at]!;
      if (row === UNSEEN) {
        row = this.#rowOf(table.itemIds[at]!);
        rows[at] = row;
      }
      if (row === LEFT_OUT) continue;
      const candidate = this.candidates[row]!;
      const cause = causes.length === 0 ? -1 : causes[place]!;
      const because = cause < 0 ? null : table.causes[cause]!;
      const { models, next } = this.#models[row]!;
      const isFirst = models.length === 0;
      if (isFirst || (candidate.because === null && (because !== null || candidate.explanation === ''))) {
        const explanation = explanationAt(list, place);
        candidate.because = because;
        candidate.explanation = canExplain(explanation, because !== null) ? explanation : '';
      }
      const popularity = table.popularity.length === 0 ? 0 : table.popularity[at]!;
      if (popularity > candidate.popularity) candidate.popularity = popularity;
      if (isFirst || models.at(-1) !== model) {
        let set = next.get(model);
        if (set === undefined) {
          set = { models: [...models, model], next: new Map() };
          next.set(model, set);
        }
        this.#models[row] = set;
        candidate.models = set.models;
      }
    }
  }

  /** Explains the candidates of the list as it does, whatever other lists say, where it says anything. */
  explainBy({ candidates: table, places, causes, ...list }: ListColumns): void {
    const rows = this.rowsOf(table);
    for (let place = 0; place < places.length; place++) {
      const row = rows[places[place]!]!;
      if (row === LEFT_OUT) continue;
      const candidate = this.candidates[row]!;
      const because = table.causes[causes[place] ?? -1] ?? null;
      const explanation = explanationAt(list, place);
      if (!canExplain(explanation, because !== null)) continue;
      candidate.medoid = candidate.medoid === undefined ? candidate.because : candidate.medoid;
      candidate.because = because;
      candidate.explanation = explanation;
    }
  }

  #rowOf(itemId: string): number {
    const known = this.#byItem.get(itemId);
    if (known !== undefined) return known;
    const isLeftOut = this.#excluded.has(itemId) || this.#isOffered?.(itemId) === false;
    const row = isLeftOut ? LEFT_OUT : this.candidates.length;
    this.#byItem.set(itemId, row);
    if (isLeftOut) return row;
    const { models } = this.#noModel;
    this.candidates.push({ itemId, models, because: null, explanation: '', popularity: 0 });
    this.#models.push(this.#noModel);
    return row;
  }
}

function explanationAt(
  { explanation, explanations, reasons }: Pick<ListColumns, 'explanation' | 'explanations' | 'reasons'>,
  place: number,
): string {
  return explanations[reasons[place] ?? -1] ?? explanation;
}
