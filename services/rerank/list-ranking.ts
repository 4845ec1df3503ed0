import type { ListColumns } from '#contracts/domain/proposed-lists.ts';
import type { Ranking } from './features.ts';

/** Stands for the row of a candidate of a table that is left out. */
export const LEFT_OUT = -1;

const LARGEST_SCORE = 3;
/** A list that counts in full beside others decides the order, so that its best items must not be cut to one score. */
const LARGEST_OWN_SCORE = 6;
/** So far below the lowest score stand candidates that no list in full brings: more than a list that counts less can add. */
const BEHIND_OWN = 1;

/**
 * Candidates that the model did not propose get the lowest score of its list. A list has only some of the features, so that each scale is
 * computed when it is asked for.
 */
export class ListRanking implements Ranking {
  readonly places: Int32Array;
  readonly scores: Float64Array;
  readonly #isOwn: Uint8Array;
  #standardScores: Float64Array | undefined;
  #ownScores: Float64Array | undefined;

  /** @param isOwn 1 for each candidate of a list that counts in full */
  constructor(
    { places: positions, scores: given }: Pick<ListColumns, 'places' | 'scores'>,
    rows: Int32Array,
    isOwn: Uint8Array,
  ) {
    const places = new Int32Array(isOwn.length).fill(-1);
    const scores = new Float64Array(isOwn.length);
    let lowest = Number.POSITIVE_INFINITY;
    for (let place = 0; place < positions.length; place++) {
      const row = rows[positions[place]!]!;
      if (row === LEFT_OUT) continue;
      if (places[row] === -1) places[row] = place;
      const score = given[place]!;
      scores[row] = score;
      if (score < lowest) lowest = score;
    }
    if (lowest < Number.POSITIVE_INFINITY) {
      for (let row = 0; row < places.length; row++) if (places[row] === -1) scores[row] = lowest;
    }
    this.places = places;
    this.scores = scores;
    this.#isOwn = isOwn;
  }

  get standardScores(): Float64Array {
    this.#standardScores ??= standardise(this.scores, this.scores, LARGEST_SCORE);
    return this.#standardScores;
  }

  get ownScores(): Float64Array {
    this.#ownScores ??= this.#standardiseByOwn();
    return this.#ownScores;
  }

  #standardiseByOwn(): Float64Array {
    const isOwn = this.#isOwn;
    const own = new Float64Array(isOwn.length);
    let count = 0;
    for (let row = 0; row < isOwn.length; row++) if (isOwn[row] === 1) own[count++] = this.scores[row]!;
    const ownScores = standardise(this.scores, own.subarray(0, count), LARGEST_OWN_SCORE);
    for (let row = 0; row < isOwn.length; row++) if (isOwn[row] === 0) ownScores[row]! -= BEHIND_OWN;
    return ownScores;
  }
}

/** Zeros if the scale knows no difference. @param scale the values whose mean becomes 0 and whose variance 1 */
function standardise(values: Float64Array, scale: Float64Array, largest: number): Float64Array {
  let mean = 0;
  for (let i = 0; i < scale.length; i++) mean += scale[i]!;
  mean /= scale.length;
  let variance = 0;
  for (let i = 0; i < scale.length; i++) variance += (scale[i]! - mean) ** 2;
  const deviation = Math.sqrt(variance / scale.length);
  const standardised = new Float64Array(values.length);
  if (!(deviation > 1e-12 * Math.abs(mean) && deviation < Number.POSITIVE_INFINITY)) return standardised;
  for (let i = 0; i < values.length; i++) {
    const score = (values[i]! - mean) / deviation;
    standardised[i] = Math.max(-largest, Math.min(largest, score));
  }
  return standardised;
}
