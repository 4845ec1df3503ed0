import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import { sequenceState } from '#algorithms/sequence/network.ts';
import { dot, row } from '#algorithms/vectors.ts';
import type { SequenceModel } from '#artefacts/sequence.ts';
import { drawOrder } from '../batches.ts';
import { byUserAndTime } from './windows.ts';

/** Shares of steps whose next item is among the first 20, and mean reciprocal ranks, 0 beyond them; beside popularity. */
export interface NextItemFigures {
  readonly steps: number;
  readonly hitRate20: number;
  readonly reciprocalRank20: number;
  readonly popularHitRate20: number;
}

export interface NextItemOptions {
  readonly lookBack: number;
  readonly heldOutSteps: number;
  readonly random: Random;
  /** Steps whose next item was taken later than this event time, ms, are measured. */
  readonly since: number;
}

const LIST = 20;

/** Ranks the next item of users among all that they have not taken, at steps whose next item is new to the user. */
export function measureNextItems(
  model: SequenceModel,
  actions: ActionColumns,
  itemCount: number,
  { lookBack, heldOutSteps, random, since }: NextItemOptions,
): NextItemFigures {
  const { user, item, at } = actions;
  const popularity = new Float64Array(itemCount);
  item.forEach((own, position) => {
    if (at[position]! <= since) popularity[own]!++;
  });
  const order = byUserAndTime(actions, random.fork('ties'));
  const steps: Array<{ readonly place: number; readonly start: number }> = [];
  for (let start = 0; start < order.length; ) {
    const taken = new Set<number>();
    let place = start;
    for (; place < order.length && user[order[place]!] === user[order[start]!]; place++) {
      const own = item[order[place]!]!;
      if (place > start && at[order[place]!]! > since && !taken.has(own)) steps.push({ place, start });
      taken.add(own);
    }
    start = place;
  }
  const chosen = drawOrder(steps.length, heldOutSteps, random);
  const figures = { hits: 0, reciprocal: 0, popular: 0 };
  for (const one of chosen) {
    const { place, start } = steps[one]!;
    const next = item[order[place]!]!;
    const before = Array.from(order.subarray(start, place), (position) => item[position]!);
    const scores = nextItemScores(model, before.slice(-lookBack), itemCount);
    const seen = new Set(before);
    const rank = rankOf(next, scores, seen);
    if (rank < LIST) {
      figures.hits += 1;
      figures.reciprocal += 1 / (rank + 1);
    }
    if (rankOf(next, popularity, seen) < LIST) figures.popular += 1;
  }
  const count = Math.max(1, chosen.length);
  return {
    steps: chosen.length,
    hitRate20: figures.hits / count,
    reciprocalRank20: figures.reciprocal / count,
    popularHitRate20: figures.popular / count,
  };
}

/** Of every item, after these ones. */
export function nextItemScores(
  { network, vectors, offsets }: SequenceModel,
  items: readonly number[],
  itemCount: number,
) {
  const dim = network.weights.hidden;
  const state = sequenceState(
    network,
    items.map((own) => row(vectors, own, dim)),
  );
  return Float64Array.from(
    { length: itemCount },
    (_, own) => dot(state, row(vectors, own, dim)) + offsets[own]!,
  );
}

/** From 0: items of a higher score, or the same and an earlier number, that were not taken. */
function rankOf(next: number, scores: Float64Array, seen: ReadonlySet<number>): number {
  let rank = 0;
  for (let own = 0; own < scores.length; own++) {
    const isBefore = scores[own]! > scores[next]! || (scores[own] === scores[next] && own < next);
    if (isBefore && !seen.has(own)) rank += 1;
  }
  return rank;
}
