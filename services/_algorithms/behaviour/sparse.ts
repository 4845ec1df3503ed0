/** Distinct pairs of user and item, by user and by item. */
export interface Pairs {
  readonly userCount: number;
  readonly itemCount: number;
  /** Length userCount + 1: the items of user u are itemsOfUser[userStarts[u]] up to userStarts[u + 1]. */
  readonly userStarts: Int32Array;
  readonly itemsOfUser: Int32Array;
  readonly itemStarts: Int32Array;
  readonly usersOfItem: Int32Array;
}

/** The distinct pairs of two columns; users and items are numbered densely from 0. */
export function distinctPairs(
  { user, item }: { readonly user: Int32Array; readonly item: Int32Array },
  userCount: number,
  itemCount: number,
): Pairs {
  const byUser = group(user, item, userCount);
  const itemsOfUser: number[] = [];
  const owners: number[] = [];
  const userStarts = new Int32Array(userCount + 1);
  const last = new Int32Array(itemCount).fill(-1);
  for (let one = 0; one < userCount; one++) {
    for (let at = byUser.starts[one]!; at < byUser.starts[one + 1]!; at++) {
      const own = byUser.values[at]!;
      if (last[own] === one) continue;
      last[own] = one;
      itemsOfUser.push(own);
      owners.push(one);
    }
    userStarts[one + 1] = itemsOfUser.length;
  }
  const items = Int32Array.from(itemsOfUser);
  const byItem = group(items, Int32Array.from(owners), itemCount);
  return {
    userCount,
    itemCount,
    userStarts,
    itemsOfUser: items,
    itemStarts: byItem.starts,
    usersOfItem: byItem.values,
  };
}

/** The values of each key, in the order in which they come. */
function group(keys: Int32Array, values: Int32Array, count: number) {
  const starts = new Int32Array(count + 1);
  for (const key of keys) starts[key + 1]!++;
  for (let key = 0; key < count; key++) starts[key + 1]! += starts[key]!;
  const next = starts.slice();
  const grouped = new Int32Array(keys.length);
  keys.forEach((key, place) => {
    grouped[next[key]!++] = values[place]!;
  });
  return { starts, values: grouped };
}

/** Users × items with a 1 for each pair, times the scale of the item, times `matrix` (items × width, row-major). */
export function toUsers(
  pairs: Pairs,
  scale: Float64Array,
  matrix: Float64Array,
  width: number,
): Float64Array {
  return multiply(pairs.userStarts, pairs.itemsOfUser, matrix, width, scale);
}

/** The transpose of the same, times `matrix` (users × width). */
export function toItems(
  pairs: Pairs,
  scale: Float64Array,
  matrix: Float64Array,
  width: number,
): Float64Array {
  const product = multiply(pairs.itemStarts, pairs.usersOfItem, matrix, width);
  scale.forEach((factor, item) => {
    for (let i = item * width; i < (item + 1) * width; i++) product[i]! *= factor;
  });
  return product;
}

function multiply(
  starts: Int32Array,
  targets: Int32Array,
  matrix: Float64Array,
  width: number,
  scale?: Float64Array,
): Float64Array {
  const product = new Float64Array((starts.length - 1) * width);
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let edge = starts[row]!; edge < starts[row + 1]!; edge++) {
      const target = targets[edge]!;
      const factor = scale === undefined ? 1 : scale[target]!;
      for (let to = row * width, from = target * width, end = to + width; to < end; to++, from++)
        product[to]! += factor * matrix[from]!;
    }
  }
  return product;
}
