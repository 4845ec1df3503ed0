import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { recommendAsServed } from './served.ts';
import { splitOf } from './split.testing.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);

/** Items a–c lie together, and so do d–f. User 0 took a and d; b was popular long ago, f is now. */
const actions = [
  ...[1, 2, 3].map((user) => ({ user, item: 1, day: 0 })),
  { user: 0, item: 2, day: 0 },
  ...[1, 2, 3].map((user) => ({ user, item: 5, day: 199 })),
  { user: 0, item: 0, day: 200 },
  { user: 0, item: 3, day: 200 },
];
const column = (of: (action: (typeof actions)[number]) => number) => Int32Array.from(actions, of);
const split = splitOf({
  itemCount: 6,
  train: {
    user: column(({ user }) => user),
    item: column(({ item }) => item),
    context: Int32Array.from(actions.keys()),
    weight: new Float32Array(actions.length).fill(1),
    at: Float64Array.from(actions, ({ day }) => START + day * DAY_MS),
  },
  seen: [[0, [0, 2, 3]]],
  relevant: [[0, [5]]],
});
const vectors = {
  vectors: Float32Array.from([0, 0.1, 0.2, 1.5, 1.4, 1.3].flatMap((x) => [Math.cos(x), Math.sin(x)])),
  dim: 2,
  alpha: 0.5,
};
const input = { split, userIds: ['ann', 'bob', 'cid', 'dan'], catalogue: new Map(), vectors };
const serve = async (environment: Record<string, string> = {}) => {
  const propose = readProposeConfig({ TRIBUTARY_PROPOSERS: 'medoid-neighbours', ...environment });
  const interests = { ...readInterestsConfig(), windowDays: 90 };
  return (await recommendAsServed(input, { interests, propose })).get(0);
};

describe('what is served', () => {
  it('the served items are near all medoids and popular, and no seen item is among them', async () => {
    assert.deepEqual(await serve(), [5, 1, 4]);
  });

  it('the served items are those of the settings of the stages', async () => {
    assert.deepEqual(await serve({ TRIBUTARY_POPULARITY_EXPONENT: '0' }), [5, 4, 1]);
    assert.deepEqual(await serve({ TRIBUTARY_CANDIDATES: '1' }), [5]);
  });
});
