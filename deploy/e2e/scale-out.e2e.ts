import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openScaledOut, type ScaledOut, SHAPE } from './scale-out.ts';
import { goThroughEveryStage, WHOLE_PATH_SETTINGS } from './whole-path.ts';

describe('several processes of every stage, on three brokers and a Redis Cluster', () => {
  let stages: ScaledOut;

  before(async () => {
    stages = await openScaledOut(WHOLE_PATH_SETTINGS);
  });
  after(() => stages?.close());

  it('an event log goes through every stage and comes back as recommendations', (t) =>
    goThroughEveryStage(t as Parameters<typeof goThroughEveryStage>[0], stages));

  it('every primary of Redis holds a part of the state', async () => {
    const keys = await stages.keysOfPrimaries();
    assert.equal(keys.length, SHAPE.redisPrimaries);
    assert.ok(
      keys.every((count) => count > 0),
      keys.join(),
    );
  });

  it('no process failed', () => {
    assert.deepEqual(stages.crashes, []);
  });
});
