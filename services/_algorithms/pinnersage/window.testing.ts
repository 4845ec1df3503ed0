import fc from 'fast-check';
import { MILLISECONDS_PER_DAY } from './importance.ts';
import type { WindowAction } from './window.ts';

export const START = 1_700_000_000_000;

/** Actions of distinct event ids within `spanDays` from START; few instants and items, so that they repeat. */
export function actionLists(spanDays: number, maxLength = 40): fc.Arbitrary<WindowAction[]> {
  const action = fc.record(
    {
      eventId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
      itemId: fc.constantFrom('apple', 'bread', 'cheese', 'dates', 'eggs', 'fig'),
      type: fc.constantFrom('view', 'purchase', 'hide'),
      occurredAt: fc
        .integer({ min: 0, max: spanDays * 4 })
        .map((quarter) => START + (quarter / 4) * MILLISECONDS_PER_DAY),
      weight: fc.constantFrom(1, 1, 2.5),
    },
    { noNullPrototype: true },
  );
  return fc.uniqueArray(action, { maxLength, selector: ({ eventId }) => eventId });
}
