import type { Random } from '#algorithms/random.ts';

/** How people look at a slate: by position, from the top until they have found enough, or at everything. */
export type LookModel = 'position' | 'cascade' | 'none';

export const LOOK_MODELS: readonly LookModel[] = ['position', 'cascade', 'none'];

/** Probability that a user who found something in a cascade looks no further. */
const CONTENT = 0.6;
/** Probability that a user who found nothing in a slot of a cascade looks no further. */
const TIRED = 0.05;

/** Probability that a slot is looked at, by position. */
export function examinationOf(slot: number): number {
  return 1 / (1 + slot) ** 0.6;
}

/**
 * Expected clicks of a slate. A click is examination × relevance + noise.
 * @param relevance probability of a click of each slot that is looked at
 */
export function expectedClicks(relevance: readonly number[], look: LookModel): number {
  let [clicks, looks] = [0, 1];
  for (const [slot, p] of relevance.entries()) {
    clicks += p * (look === 'position' ? examinationOf(slot) : looks);
    if (look === 'cascade') looks *= 1 - p * CONTENT - (1 - p) * TIRED;
  }
  return clicks;
}

/** What a user did with a slate, by slot. */
export interface Looked {
  readonly seen: readonly boolean[];
  readonly clicked: readonly boolean[];
}

/** Draws what a user looks at and clicks on. */
export function look(relevance: readonly number[], model: LookModel, random: Random): Looked {
  let isLooking = true;
  const seen: boolean[] = [];
  const clicked: boolean[] = [];
  for (const [slot, p] of relevance.entries()) {
    const isSeen = model === 'position' ? random.next() < examinationOf(slot) : isLooking;
    const isClicked = isSeen && random.next() < p;
    seen.push(isSeen);
    clicked.push(isClicked);
    if (model === 'cascade' && isSeen && random.next() < (isClicked ? CONTENT : TIRED)) isLooking = false;
  }
  return { seen, clicked };
}
