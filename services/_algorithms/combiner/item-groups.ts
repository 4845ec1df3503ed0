import type { ItemGroups } from './traits.ts';

/** Levels of a path of categories that are told apart. */
const LEVELS = 3;

/** The groups of items by the prefixes of their paths of categories, from broad to narrow; an item without a category is in no group. */
export function groupsOf(paths: ReadonlyArray<readonly string[]>): ItemGroups {
  const levels = Math.min(
    LEVELS,
    paths.reduce((most, { length }) => Math.max(most, length), 0),
  );
  const numbers = new Map<string, number>();
  const of = new Int32Array(paths.length * levels).fill(-1);
  paths.forEach((path, item) => {
    for (let level = 0; level < levels && path.length > 0; level++) {
      // A shorter path is a group of its own on the narrower levels.
      const name = JSON.stringify([level, path.slice(0, level + 1)]);
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      of[item * levels + level] = number;
    }
  });
  return { levels, of };
}
