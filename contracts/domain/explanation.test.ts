import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canExplain, explanationFault, fillExplanation } from './explanation.ts';

describe('an explanation', () => {
  it('tells the action and the title of the cause in the places that its template gives them', () => {
    const values = { deed: 'bought', cause: '“Oats”' };
    assert.equal(fillExplanation('because you {deed} {cause}', values), 'because you bought “Oats”');
    assert.equal(fillExplanation('popular right now', values), 'popular right now');
  });

  it('leaves a title alone that looks like a placeholder', () => {
    assert.equal(
      fillExplanation('like {cause}', { deed: 'bought', cause: '{deed} $& {x}' }),
      'like {deed} $& {x}',
    );
  });

  it('applies to an item without a cause only when its template needs none', () => {
    assert.ok(canExplain('popular right now', false));
    assert.ok(canExplain('because you {deed} {cause}', true));
    assert.ok(!canExplain('because you {deed} {cause}', false));
    assert.ok(!canExplain('', true), 'the empty template explains nothing');
  });

  it('is refused for a placeholder that nobody fills in, and for its length', () => {
    for (const template of ['', 'popular right now', 'because you {deed} {cause}']) {
      assert.equal(explanationFault(template), undefined);
    }
    assert.match(explanationFault('because of {medoid}')!, /\{medoid\}/);
    assert.match(explanationFault('x'.repeat(201))!, /201 characters/);
  });
});
