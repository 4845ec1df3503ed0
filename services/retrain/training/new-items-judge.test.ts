import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitByTime } from '#algorithms/pinsage/pairs.ts';
import { createRandom } from '#algorithms/random.ts';
import { columnsOf } from './fixture.testing.ts';
import { listFigures, newItemFigures, newItemsTask, popularityFigures } from './new-items-judge.ts';

const DAY = 86_400_000;
const [COMMUNITIES, EACH] = [4, 12];
const ITEMS = COMMUNITIES * EACH;
const communityOf = (item: number) => item % COMMUNITIES;

/** Users who take items of their own community, each once in ten days. */
function someActions(users = 160) {
  const random = createRandom('judge');
  return columnsOf(
    Array.from({ length: users }, (_, user) =>
      Array.from({ length: 10 }, (_, day) => ({
        user,
        context: user * 10 + day,
        item: (user % COMMUNITIES) + COMMUNITIES * random.integer(EACH),
        at: day * DAY,
      })),
    ).flat(),
  );
}

/** The community of an item is its direction, and a little of it is its own. */
function someVectors(of: (item: number) => number): Float32Array {
  const vectors = new Float32Array(ITEMS * 8);
  for (let item = 0; item < ITEMS; item++) {
    vectors[item * 8 + of(item)] = Math.sqrt(0.99);
    vectors[item * 8 + 4 + (item % 4)] = 0.1;
  }
  return vectors;
}

const task = newItemsTask(splitByTime(someActions(), 0.3), ITEMS, createRandom('users'));
const meanOf = (figures: Float64Array) => figures.reduce((a, b) => a + b, 0) / figures.length;

describe('the judge of new items', () => {
  it('a user is judged by items that the user had not taken and that were known', () => {
    assert.ok(task.users.length > 100);
    for (const { seen, chosen, window } of task.users) {
      assert.ok(chosen.size > 0);
      for (const item of chosen) assert.ok(!seen.includes(item));
      assert.ok(window.actions.every(({ occurredAt }) => occurredAt <= task.now));
    }
    const { order, priors } = task;
    assert.equal(new Set(order).size, ITEMS);
    assert.ok(priors.every((prior, place) => prior > 0 && prior <= (priors[place - 1] ?? 1)));
  });

  it('vectors of the taste are better than vectors of nothing, and than popularity', () => {
    const known = newItemFigures(task, someVectors(communityOf), 8, 1);
    const random = createRandom('nothing');
    const arbitrary = Array.from({ length: ITEMS }, () => random.integer(4));
    const unknown = newItemFigures(
      task,
      someVectors((item) => arbitrary[item]!),
      8,
      1,
    );
    assert.equal(known.length, task.users.length);
    assert.ok(meanOf(known) > 1.5 * meanOf(unknown), `${meanOf(known)} and ${meanOf(unknown)}`);
    assert.ok(meanOf(known) > 1.5 * meanOf(popularityFigures(task)));
    assert.ok(known.every((figure) => figure >= 0 && figure <= 1));
  });

  it('lists of a model are judged alike, and get the window with the newest item first', () => {
    const all = Array.from({ length: ITEMS }, (_, item) => item);
    const figures = listFigures(task, (recent, seen, length) => {
      assert.ok(recent.length > 0 && recent.every((item) => seen.includes(item)));
      const own = all.filter((item) => communityOf(item) === communityOf(recent[0]!));
      return own.filter((item) => !seen.includes(item)).slice(0, length);
    });
    assert.ok(meanOf(figures) > 0.5 * meanOf(newItemFigures(task, someVectors(communityOf), 8, 1)));
    assert.equal(meanOf(listFigures(task, () => [])), 0);
  });

  it('a log without held-out actions has no users, and items without vectors are no medoids', () => {
    const { before } = splitByTime(someActions(), 0.3);
    const nobody = newItemsTask({ before, after: columnsOf([]) }, ITEMS, createRandom('users'));
    assert.deepEqual(nobody.users, []);
    assert.ok(newItemFigures(task, new Float32Array(ITEMS * 8), 8, 1).every((figure) => figure === 0));
  });
});
