import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import { splitOf } from '../pinsage/split.testing.ts';
import { rowOf } from './row.ts';
import { ALL_MODELS, serveAll } from './serve-all.ts';

const START = Date.UTC(2026, 0, 1);

test('every model and every sum of models has a list of unseen items for each test user', async () => {
  // Users 1 and 2 take a, b and c together; user 0 has taken a.
  const pairs = [1, 2].flatMap((user) => [0, 1, 2].map((item) => [user, item] as const));
  const taken = [...pairs, [0, 0] as const];
  const split = splitOf({
    itemCount: 4,
    train: {
      user: Int32Array.from(taken, ([user]) => user),
      item: Int32Array.from(taken, ([, item]) => item),
      context: Int32Array.from(taken, ([user]) => user),
      weight: new Float32Array(taken.length).fill(1),
      at: Float64Array.from(taken, (_, i) => START + i),
    },
    seen: [[0, [0]]],
    relevant: [[0, [1]]],
  });
  const vectors = { vectors: Float32Array.of(1, 0, 0.8, 0.6, 0.6, 0.8, 0, 1), dim: 2, alpha: 1 };
  const behaviour = trainBehaviour(split.train, 4, 1);
  const log = {
    userIds: ['ann', 'bob', 'cid'],
    itemIds: split.itemIds,
    actions: split.train,
    catalogue: new Map(),
    vectors,
    behaviour,
    companions: [
      {
        model: 'places',
        tables: { units: { columns: 2, values: vectors.vectors } },
        facts: {},
        seconds: 0,
        mib: 0,
      },
    ],
  };
  const config = { interests: readInterestsConfig(), propose: readProposeConfig(ALL_MODELS) };
  const lists = await serveAll(log, split, config);
  assert.deepEqual([...lists.keys()].sort(), [
    'all',
    'as served',
    'behaviour, as served',
    'default models',
    'default models, as served',
    'medoid-neighbours, as served',
    'places, as served',
    'session-neighbours, as served',
    'session-transitions, as served',
    'sum',
    'sum of medoid-neighbours and behaviour',
    'sum of the lists for users',
    'trending, as served',
  ]);
  for (const [name, recommended] of lists) {
    const own = recommended.get(0)!;
    assert.ok(!own.includes(0), `${name} has no seen item`);
    assert.ok(own.includes(1), `${name} has the item that others took too`);
  }
  const row = rowOf('all', split, lists.get('as served')!, createRandom(1));
  assert.ok(row.ndcg10 > 0 && row.low === row.high && row.hitRate10 === 1);
});
