import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { action, batchOf, served } from './actions.testing.ts';
import { atOnce, createRig, interestsOf, logOf, never } from './processor.testing.ts';

describe('a refresh', () => {
  it('a refresh clusters an item whose vector was unknown', async () => {
    const rig = createRig();
    rig.space = served('g1', ['tea']);
    await rig.processor.handle(batchOf(logOf([action(), action({ itemId: 'nail' })])));
    assert.equal((await interestsOf(rig.store, 'u1'))?.unknownItems, 1);
    assert.equal(await rig.processor.refresh(0, never, atOnce), 0, 'no vector was gained');
    rig.space = served('g1');
    assert.equal(await rig.processor.refresh(0, never, atOnce), 1);
    const interests = await interestsOf(rig.store, 'u1');
    assert.deepEqual(interests?.medoids.map(({ itemId }) => itemId).sort(), ['nail', 'tea']);
    assert.deepEqual(rig.published.at(-1), interests);
    assert.equal(await rig.processor.refresh(0, never, atOnce), 0);
  });

  it('a refresh moves all users of a partition to the served generation without a new version', async () => {
    const rig = createRig();
    await rig.processor.handle(batchOf(logOf([action(), action({ userId: 'u2' })])));
    rig.space = served('g2');
    assert.equal(await rig.processor.refresh(0, never, atOnce), 2);
    assert.equal(await rig.processor.refresh(1, never, atOnce), 0);
    const interests = await interestsOf(rig.store, 'u2');
    assert.deepEqual([interests?.generation, interests?.version], ['g2', 1]);
  });

  it('a refresh pauses after each step, for an unchanged user a fiftieth as long', async () => {
    const rig = createRig();
    const crowd = Array.from({ length: 10 }, (_, place) => action({ userId: `u${place}` }));
    await rig.processor.handle(batchOf(logOf(crowd)));
    rig.space = served('g2');
    const steps: number[] = [];
    const published: number[] = [];
    const pace = async (users: number) => {
      steps.push(users);
      published.push(rig.published.filter(({ generation }) => generation === 'g2').length);
    };
    assert.equal(await rig.processor.refresh(0, never, pace), 10);
    assert.equal(await rig.processor.refresh(0, never, pace), 0);
    assert.deepEqual(steps, [4, 4, 2, 0.08, 0.08, 0.04]);
    assert.deepEqual(published, [4, 8, 10, 10, 10, 10]);
  });

  it('a refresh stops when the stage drains', async () => {
    const rig = createRig();
    await rig.processor.handle(batchOf(logOf([action()])));
    rig.space = served('g2');
    assert.equal(await rig.processor.refresh(0, AbortSignal.abort(), atOnce), 0);
  });

  it('a user whose outputs were on their way during a flip is refreshed too', async () => {
    const rig = createRig();
    const handled = rig.processor.handle(batchOf(logOf([action()])));
    while (rig.published.length === 0) await new Promise(setImmediate);
    rig.space = served('g2');
    await rig.processor.refresh(0, never, atOnce);
    await handled;
    assert.equal((await interestsOf(rig.store, 'u1'))?.generation, 'g2');
    assert.equal(rig.published.at(-1)?.generation, 'g2');
  });
});
