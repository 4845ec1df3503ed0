import { createRandom } from '#algorithms/random.ts';
import { dot, normaliseInPlace } from '#algorithms/vectors.ts';
import { anAction } from '#contracts/domain/records.testing.ts';
import type { Item, UserAction } from '#contracts/generated/records.ts';
import { someItem } from './records.testing.ts';

const DAY = 86_400_000;
const GROUPS = 3;
const ITEMS_A_GROUP = 12;
const USERS = 60;
const BASKETS_A_USER = 6;
const ITEMS_A_BASKET = 3;

/** An item `<group>/<name>`, whose content names its group. */
export function groupItem(group: number, name: string, change: Partial<Item> = {}): Item {
  return someItem(`${group}/${name}`, { title: `Thing ${name}`, categories: [`group ${group}`], ...change });
}

export function groupOf(itemId: string): number {
  return Number(itemId.split('/')[0]);
}

/** 3 groups of 12 items. */
export const GROUP_ITEMS: readonly Item[] = Array.from({ length: GROUPS * ITEMS_A_GROUP }, (_, i) =>
  groupItem(i % GROUPS, String(i)),
);

/** Baskets of 60 users over the month before `now`, each user's from one group. */
export function groupActions(now: number): UserAction[] {
  const random = createRandom('baskets');
  const actions: UserAction[] = [];
  for (let basket = 0; basket < USERS * BASKETS_A_USER; basket++) {
    const user = basket % USERS;
    const occurredAt = now - 30 * DAY + Math.floor((basket / (USERS * BASKETS_A_USER)) * 30 * DAY);
    for (let i = 0; i < ITEMS_A_BASKET; i++) {
      const { itemId } = GROUP_ITEMS[(user % GROUPS) + GROUPS * random.integer(ITEMS_A_GROUP)]!;
      const eventId = `${basket}-${i}`;
      const contextId = `basket ${basket}`;
      actions.push(anAction({ eventId, userId: `u${user}`, itemId, type: 'buy', occurredAt, contextId }));
    }
  }
  return actions;
}

/** The mean cosine of the vector with the items of a group. */
export function nearnessTo(
  group: number,
  vector: Float32Array,
  vectors: ReadonlyMap<string, Float32Array>,
): number {
  const own = [...vectors].filter(([itemId]) => groupOf(itemId) === group);
  return own.reduce((sum, [, other]) => sum + dot(vector, other), 0) / own.length;
}

/** The group whose items are, on average, nearest to the vector. */
export function nearestGroup(vector: Float32Array, vectors: ReadonlyMap<string, Float32Array>): number {
  const cosines = Array.from({ length: GROUPS }, (_, group) => nearnessTo(group, vector, vectors));
  return cosines.indexOf(Math.max(...cosines));
}

/** Vectors of length 1 for `GROUP_ITEMS`, as a training would find them: near within a group, far between groups. */
export function groupVectors(dimension: number): ReadonlyMap<string, Float32Array> {
  const random = createRandom('taste groups');
  const unit = (component: (index: number) => number) => {
    const vector = Float32Array.from({ length: dimension }, (_, index) => component(index));
    normaliseInPlace(vector);
    return vector;
  };
  const axes = Array.from({ length: GROUPS }, () => unit(() => random.normal()));
  return new Map(
    GROUP_ITEMS.map(({ itemId }) => {
      const axis = axes[groupOf(itemId)]!;
      return [itemId, unit((index) => axis[index]! + 0.15 * random.normal())];
    }),
  );
}
