import { createRandom } from '#algorithms/random.ts';
import type { SentAction } from './app.ts';

/** People who act one at a time, in a random order. */
export interface Crowd {
  readonly userIds: readonly string[];
  /** The next action: each user is as likely as another, and the item is drawn from a Zipf distribution. */
  next(): SentAction;
  /** A user of whom each is as likely as another. */
  nextUser(): string;
}

/** Few items are taken often and most seldom; views are more frequent than purchases. */
const EXPONENT = 1;
const TYPES = ['view', 'view', 'view', 'view', 'click', 'click', 'save', 'buy'] as const;

/** @param seed the same seed gives the same actions */
export function gatherCrowd(users: number, itemIds: readonly string[], seed: string): Crowd {
  const random = createRandom(seed);
  const userIds = Array.from({ length: users }, (_, user) => `user-${user}`);
  const nextUser = () => userIds[random.integer(users)]!;
  const drawItem = zipf(itemIds.length, () => random.next());
  return {
    userIds,
    next: () => ({
      userId: nextUser(),
      itemId: itemIds[drawItem()]!,
      type: TYPES[random.integer(TYPES.length)]!,
    }),
    nextUser,
  };
}

/** Draws a rank below `size`: rank r with a probability in proportion to 1 / (r + 1). @param random uniform in [0, 1) */
export function zipf(size: number, random: () => number): () => number {
  const sums = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) {
    sum += 1 / (rank + 1) ** EXPONENT;
    sums[rank] = sum;
  }
  return () => {
    const target = random() * sum;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
