import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLANTS } from './plants.testing.ts';
import { SCENARIOS } from './scenarios.ts';
import { simulate } from './simulate.ts';

/** Seeds of each scenario in every test run. */
const SEEDS = 20;

/** \`TRIBUTARY_SEED=7\` runs one seed alone. */
const only = process.env.TRIBUTARY_SEED;
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(only)];

describe('the simulation', () => {
  for (const scenario of SCENARIOS) {
    it(`finds nothing lost, repeated or stopped in ${scenario.name}, whatever happens to it`, async (t) => {
      let events = 0;
      for (const seed of seeds) {
        const result = await simulate(scenario, seed);
        events += result.events;
        const story = [`TRIBUTARY_SEED=${seed}`, ...result.story].join('\n');
        assert.deepEqual(result.differences, [], story);
      }
      t.diagnostic(`${seeds.length} seeds, ${events} events`);
    });
  }

  it('runs the same events again for the same seed', async () => {
    for (const scenario of SCENARIOS) {
      const [one, other] = [await simulate(scenario, 5), await simulate(scenario, 5)];
      assert.deepEqual(one, other);
    }
  });
});

describe('the checkers of the simulation', () => {
  for (const { scenario: name, bug, seam, seeds: most } of PLANTS) {
    it(`find in ${name} that ${bug}`, { skip: only !== undefined }, async (t) => {
      const scenario = SCENARIOS.find((one) => one.name === name)!;
      for (let seed = 0; seed < most; seed++) {
        const { differences } = await simulate(scenario, seed, seam);
        if (differences.length === 0) continue;
        t.diagnostic(`seed ${seed}: ${differences[0]!.split('\n')[0]}`);
        return;
      }
      assert.fail(`not found in ${most} seeds`);
    });
  }
});
