import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import { renderSlate } from './describe-choice.ts';

test('a slate shows the id of an item outside of the catalogue in place of its title', () => {
  const slate = aSlate({ slots: [aSlot({ itemId: 'tea' }), aSlot({ itemId: 'i-77' })] });
  const text = renderSlate(slate, [], new Map([['tea', 'Green tea']]));
  assert.match(text, /\n +0 +tea +Green tea /);
  assert.match(text, /\n +1 +i-77 +i-77 /);
});
