import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { expectedClicks, LOOK_MODELS, look } from './looking.ts';

const RELEVANCE = [0.3, 0.02, 0.8, 0.5, 0.02];

for (const model of LOOK_MODELS) {
  test(`the expected clicks are the mean of the drawn ones where people look by ${model}`, () => {
    const random = createRandom(model);
    let clicks = 0;
    const visits = 40_000;
    for (let visit = 0; visit < visits; visit++) {
      const { seen, clicked } = look(RELEVANCE, model, random);
      for (const [slot, isClicked] of clicked.entries()) {
        assert.ok(!isClicked || seen[slot], 'nobody clicks on what was not seen');
        if (isClicked) clicks++;
      }
    }
    assert.ok(Math.abs(clicks / visits - expectedClicks(RELEVANCE, model)) < 0.02);
  });
}

test('who looks at everything sees every slot, and who looks in a cascade sees none below the last', () => {
  const random = createRandom(1);
  assert.ok(look(RELEVANCE, 'none', random).seen.every(Boolean));
  for (let visit = 0; visit < 200; visit++) {
    const { seen } = look(RELEVANCE, 'cascade', random);
    assert.equal(seen.lastIndexOf(true) + 1, seen.filter(Boolean).length);
  }
});
