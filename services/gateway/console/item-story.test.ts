import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction, aReward } from '#contracts/domain/records.testing.ts';
import type { StoryEntry } from '#topics/story/entry.ts';
import { itemStoryOf } from './item-story.ts';
import { createOncePerKey } from './once-per-key.ts';

function entry(topic: StoryEntry['topic'], value: StoryEntry['value']): StoryEntry {
  return { topic, value, partition: 0, offset: 0, at: 0, key: 'ada', trace: undefined };
}

describe('the story of an item', () => {
  it('names the last users who acted on it, each once, and what it earned', () => {
    const action = (userId: string, type: 'view' | 'buy', occurredAt: number) =>
      entry('actions', anAction({ userId, type, occurredAt }));
    const { types, takers, earned } = itemStoryOf([
      action('ada', 'view', 1),
      action('ben', 'view', 2),
      action('ada', 'buy', 3),
      action('ada', 'view', 2),
      entry('rewards', aReward({ reward: 1, propensity: 0.5 })),
      entry('rewards', aReward({ reward: 0, propensity: 0.1 })),
    ]);
    assert.deepEqual(types, [
      { type: 'view', actions: 3, users: 2 },
      { type: 'buy', actions: 1, users: 1 },
    ]);
    assert.deepEqual(
      takers.map(({ userId, type }) => [userId, type]),
      [
        ['ada', 'buy'],
        ['ben', 'view'],
      ],
    );
    assert.deepEqual([earned?.shown, earned?.mean, earned?.propensity], [2, 0.5, 0.3]);
  });

  it('of an item that nobody knows is empty', () => {
    const { types, takers, earned } = itemStoryOf([]);
    assert.deepEqual([types, takers, earned], [[], [], undefined]);
  });
});

describe('work that several callers ask for at once', () => {
  it('is done once while it is under way, and again afterwards, also after a failure', async () => {
    let begun = 0;
    const work = createOncePerKey(async (key: string) => {
      begun += 1;
      if (key === 'bad') throw new Error('failed');
      return key;
    });
    assert.deepEqual(await Promise.all([work('a'), work('a'), work('b')]), ['a', 'a', 'b']);
    assert.equal(begun, 2);
    await assert.rejects(work('bad'));
    await assert.rejects(work('bad'));
    assert.equal(begun, 4);
  });
});
