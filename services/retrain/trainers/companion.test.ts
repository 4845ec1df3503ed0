import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Companion, type CompanionInput, trainCompanions } from './companion.ts';

const input = {} as CompanionInput;
const tables = { units: { columns: 1, values: Float32Array.of(1) } };

describe('models that are trained beside PinSage', () => {
  it('the failure of a companion leaves it out with the reason, and keeps no other from its training', async () => {
    const companions: Companion[] = [
      {
        model: 'broken',
        train: () => {
          throw new Error('nothing to learn from');
        },
      },
      { model: 'worse', train: () => ({ tables, facts: { hitRate: 0.1 }, leftOut: 'below popularity' }) },
      {
        model: 'diverged',
        train: () => ({ tables: { units: { columns: 1, values: Float32Array.of(Number.NaN) } }, facts: {} }),
      },
      {
        model: 'good',
        train: async ({ earlier }) => {
          assert.equal(earlier.size, 0, 'a model that was left out is not among those of before');
          return { tables, facts: { hitRate: 0.3 } };
        },
      },
      {
        model: 'next',
        train: ({ earlier }) => {
          assert.equal(earlier.get('good'), tables);
          return { tables, facts: {} };
        },
      },
    ];
    const trained = await trainCompanions(companions, input);
    assert.deepEqual(
      trained.map(({ model, leftOut, facts }) => [model, leftOut, facts]),
      [
        ['broken', 'nothing to learn from', {}],
        ['worse', 'below popularity', { hitRate: 0.1 }],
        ['diverged', 'the table units is not finite', {}],
        ['good', undefined, { hitRate: 0.3 }],
        ['next', undefined, {}],
      ],
    );
    assert.deepEqual(
      trained.map((one) => one.tables !== undefined),
      [false, false, false, true, true],
    );
    for (const { seconds, mib } of trained) assert.ok(seconds >= 0 && mib > 0);
  });
});
