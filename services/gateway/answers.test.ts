import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aCause, aMedoid, aSlate, aSlot, someInterests } from '#contracts/domain/records.testing.ts';
import type { Slot } from '#contracts/generated/records.ts';
import { itemsOfSlate, toInterestsAnswer, toRecommendationsAnswer } from './answers.ts';
import { explain } from './reason.ts';

const TITLES: Readonly<Record<string, string>> = { m: 'Whole Milk', o: 'Oats' };
const titleOf = (itemId: string): string => TITLES[itemId] ?? itemId;
const because = aCause({ itemId: 'm' });
const WITH_CAUSE = 'because you {deed} {cause}';

const SLATE = aSlate({
  servedAt: 5,
  generation: 'g1',
  interestsVersion: 3,
  slots: [
    aSlot({ itemId: 'o', models: ['medoid-neighbours'], because, score: 0.9, explanation: WITH_CAUSE }),
    aSlot({ itemId: 'p', score: 0.1, propensity: 1, explanation: 'popular right now' }),
  ],
});

describe('the reason of a recommendation', () => {
  it('names the action that led to it', () => {
    assert.equal(
      explain(WITH_CAUSE, { title: 'Whole Milk', type: 'buy' }),
      'because you bought “Whole Milk”',
    );
    assert.equal(explain(WITH_CAUSE, { title: 'Oats', type: 'view' }), 'because you viewed “Oats”');
    assert.equal(explain(WITH_CAUSE, { title: 'Oats', type: 'toString' }), 'because you know “Oats”');
  });

  it('is in the words of the model that explains the item', () => {
    assert.equal(explain('popular right now', null), 'popular right now');
    const milk = { title: 'Whole Milk', type: 'buy' };
    assert.equal(explain('goes well with {cause}', milk), 'goes well with “Whole Milk”');
  });

  it('is a general one where no model explains the item', () => {
    assert.equal(explain('', null), 'suggested for you');
    assert.equal(explain(WITH_CAUSE, null), 'suggested for you', 'the template needs a cause');
    assert.equal(explain('', { title: 'Oats', type: 'save' }), 'because you saved “Oats”');
  });
});

describe('a slate', () => {
  it('a slate is shown with titles, causes and reasons, and without features', () => {
    assert.deepEqual(itemsOfSlate(SLATE), ['o', 'm', 'p']);
    assert.deepEqual(toRecommendationsAnswer(SLATE, titleOf), {
      slateId: 's1',
      userId: 'u1',
      servedAt: 5,
      policy: 'thompson(draws=64)',
      generation: 'g1',
      interestsVersion: 3,
      items: [
        {
          itemId: 'o',
          title: 'Oats',
          slot: 0,
          score: 0.9,
          propensity: 0.5,
          models: ['medoid-neighbours'],
          because: { itemId: 'm', title: 'Whole Milk', type: 'buy' },
          reason: 'because you bought “Whole Milk”',
        },
        {
          itemId: 'p',
          title: 'p',
          slot: 1,
          score: 0.1,
          propensity: 1,
          models: ['trending'],
          because: null,
          reason: 'popular right now',
        },
      ],
    });
  });
});

describe('a slate of a rerank stage that does not know explanations yet', () => {
  it('is told with general reasons', () => {
    const slots = SLATE.slots.map(({ explanation: _, ...slot }) => slot as Slot);
    assert.deepEqual(
      toRecommendationsAnswer({ ...SLATE, slots }, titleOf).items.map(({ reason }) => reason),
      ['because you bought “Whole Milk”', 'suggested for you'],
    );
  });
});

describe('interests', () => {
  const medoid = aMedoid({ itemId: 'm', importance: 3 });
  const interests = someInterests({
    version: 7,
    medoids: [medoid, aMedoid({ itemId: 'x', importance: 1 })],
    windowSize: 3,
  });

  it('interests are shown with titles and shares that sum to one', () => {
    const { medoids, ...rest } = toInterestsAnswer(interests, interests.medoids, titleOf);
    assert.deepEqual(rest, { userId: 'u1', version: 7, generation: 'g1', windowSize: 3, unknownItems: 0 });
    assert.deepEqual(
      medoids.map(({ title, share }) => [title, share]),
      [
        ['Whole Milk', 0.75],
        ['x', 0.25],
      ],
    );
  });

  it('interests without importance have no shares', () => {
    const faded = { ...interests, medoids: [{ ...medoid, importance: 0 }] };
    assert.equal(toInterestsAnswer(faded, faded.medoids, titleOf).medoids[0]?.share, 0);
  });
});
