import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { feedbackScenario } from './scenarios/feedback.ts';
import { interestsScenario } from './scenarios/interests.ts';
import { rerankScenario } from './scenarios/rerank.ts';
import { simulate } from './simulate.ts';

const SCENARIOS = [interestsScenario, feedbackScenario, rerankScenario];
const SEEDS = Number(process.env.TRIBUTARY_SEEDS ?? 20);

describe('the simulation', () => {
  for (const scenario of SCENARIOS)
    it(`finds nothing lost, repeated or stopped in ${scenario.name}`, async (t) => {
      const { TRIBUTARY_SEED: only } = process.env;
      const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, i) => i) : [Number(only)];
      let events = 0;
      for (const seed of seeds) {
        const result = await simulate(scenario, seed);
        events += result.events;
        if (only !== undefined) t.diagnostic(result.story.join('\n'));
        assert.deepEqual(result.differences, [], `TRIBUTARY_SEED=${seed}\n${result.story.join('\n')}`);
      }
      t.diagnostic(`${seeds.length} seeds, ${events} events`);
    });
});
