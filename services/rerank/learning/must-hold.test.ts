/** What must hold of the learner whatever else changes: it may not unlearn a ranking from what says nothing of candidates. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Choice, meanWeights } from '#algorithms/bandit/choice.ts';
import { sampleWeights } from '#algorithms/bandit/linear.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Exposure } from '#contracts/generated/records.ts';
import { thompson } from '../policies/thompson.ts';
import { learnPosterior, type PriorOptions } from './posterior.ts';
import { TERMS } from './rewards.testing.ts';
import {
  clickRate,
  clicks,
  MODELS,
  overlap,
  SLOTS,
  someTable,
  sumOfScores,
  topTen,
  Visits,
  withShowings,
} from './visits.testing.ts';

/** The defaults of the stage. */
const OPTIONS: PriorOptions = { halfLifeMs: TERMS.halfLifeMs, priorDeviation: 0.02, noiseVariance: 0.04 };
const posteriorOf = (visits: Visits) => learnPosterior(visits.partitions, OPTIONS).posterior;
const choose = (visits: Visits, user: number, seed: string): Choice =>
  thompson.create(posteriorOf(visits), { draws: 64 }).choose(someTable(user), SLOTS, createRandom(seed));

/** Visitors who prefer what the first two models rank high. */
function informed(slates: number): Visits {
  const visits = new Visits(TERMS);
  const random = createRandom('informed');
  for (let i = 0; i < slates; i++) {
    const table = someTable(`informed ${i}`);
    const { columns, values } = table;
    const places = [columns.indexOf('alpha.score'), columns.indexOf('beta.score')];
    const relevance = (row: number) =>
      -2 + 0.6 * places.reduce((sum, place) => sum + values[row * columns.length + place]!, 0);
    const { order } = thompson
      .create(i % 50 === 0 ? posteriorOf(visits) : posteriorOf(new Visits(TERMS)), { draws: 64 })
      .choose(table, SLOTS, random);
    visits.visit(table, order, (row, slot) => clicks(random, relevance(row), slot));
  }
  return visits;
}

/** Feeds slates of Thompson sampling, each with one reward for all its slots. */
function feed(visits: Visits, slates: number, reward: number, exposure: Exposure): void {
  for (let i = 0; i < slates; i++) {
    const { order } = choose(visits, i, `slate ${i}`);
    visits.visit(someTable(i), order, () => reward, exposure);
  }
}

describe('what the learner must hold', () => {
  for (const exposure of ['unknown', 'unseen', 'seen', 'assumed'] as const)
    it(`after 1,000 slates without a reaction whose slots are ${exposure}, the top ten changes by at most 2 %`, () => {
      const visits = new Visits(TERMS);
      const before = posteriorOf(visits);
      feed(visits, 1_000, 0, exposure);
      assert.ok(overlap(before, posteriorOf(visits)) >= 0.98);
    });

  it('after 1,000 slates without a reaction that are remembered as showings, the top ten changes by at most 2 %', () => {
    const visits = new Visits(TERMS);
    const before = posteriorOf(visits);
    const shown = Array.from({ length: 50 }, () => new Map<number, number>());
    for (let i = 0; i < 1_000; i++) {
      const own = shown[i % shown.length]!;
      const table = withShowings(someTable(i % shown.length), own);
      const { order } = thompson
        .create(posteriorOf(visits), { draws: 16 })
        .choose(table, SLOTS, createRandom(i));
      visits.visit(table, order, () => 0, 'seen');
      for (const row of order) own.set(row, (own.get(row) ?? 0) + 1);
    }
    const after = posteriorOf(visits);
    let kept = 0;
    for (const [user, own] of shown.entries()) {
      const then = topTen(before, someTable(user));
      const now = new Set(topTen(after, withShowings(someTable(user), own)));
      kept += then.filter((row) => now.has(row)).length / SLOTS / shown.length;
    }
    assert.ok(kept >= 0.98, `keeps ${kept}`);
  });

  it('learns that people tire of what they were shown, from slates with a reaction', (t) => {
    const visits = new Visits(TERMS);
    const random = createRandom('tired');
    for (let i = 0; i < 1_500; i++) {
      const shown = new Map(Array.from({ length: 60 }, (_, row) => [row, random.integer(8)]));
      const table = withShowings(someTable(i), shown);
      const { order } = thompson.create(posteriorOf(visits), { draws: 16 }).choose(table, SLOTS, random);
      visits.visit(table, order, (row, slot) => clicks(random, -1 - 0.3 * (shown.get(row) ?? 0), slot));
    }
    const [weight] = meanWeights(posteriorOf(visits), ['item.shown']);
    t.diagnostic(`weight ${weight}`);
    assert.ok(weight! < -0.02, `${weight}`);
  });

  it('after 1,000 slates without a reaction, draws change the slates no more than before', () => {
    const visits = new Visits(TERMS);
    const spread = () => {
      const before = posteriorOf(visits);
      let kept = 0;
      for (let user = 0; user < 100; user++) {
        const top = new Set(topTen(before, someTable(user)));
        kept += choose(visits, user, `user ${user}`).order.filter((row) => top.has(row)).length / SLOTS / 100;
      }
      return kept;
    };
    const before = spread();
    feed(visits, 1_000, 0, 'seen');
    assert.ok(spread() >= before - 0.02);
  });

  for (const [name, reward] of [
    ['zeros', 0],
    ['ones', 1],
  ] as const)
    it(`after a day of all ${name} the ranking stands, whether something was learned before or nothing`, (t) => {
      for (const visits of [new Visits(TERMS), informed(1_500)]) {
        const before = posteriorOf(visits);
        feed(visits, 1_500, reward, 'seen');
        const kept = overlap(before, posteriorOf(visits));
        t.diagnostic(`keeps ${kept}`);
        assert.ok(kept >= 0.98, `keeps ${kept}`);
      }
    });

  it('with equal models no model is declared the winner, and at most 2 % of the clicks are lost', (t) => {
    const visits = new Visits(TERMS);
    const random = createRandom('equal models');
    let [shown, possible] = [0, 0];
    for (let i = 0; i < 2_000; i++) {
      const table = someTable(i);
      const sums = sumOfScores(table);
      const relevance = (row: number): number => -2.5 + 0.25 * sums[row]!;
      const { order } = choose(visits, i, `visit ${i}`);
      const best = topTen(posteriorOf(new Visits(TERMS)), table);
      for (let slot = 0; slot < SLOTS; slot++) {
        shown += clickRate(relevance(order[slot]!), slot);
        possible += clickRate(relevance(best[slot]!), slot);
      }
      visits.visit(table, order, (row, slot) => clicks(random, relevance(row), slot));
    }
    const posterior = posteriorOf(visits);
    const scores = MODELS.map((model) => `${model}.score`);
    const means = meanWeights(posterior, scores);
    const draws = Array.from({ length: 400 }, () => sampleWeights(posterior, random));
    for (let a = 0; a < scores.length; a++)
      for (let b = 0; b < a; b++) {
        const [one, other] = [posterior.columns.get(scores[a]!)!, posterior.columns.get(scores[b]!)!];
        const isBetter = draws.filter((weights) => weights[one]! > weights[other]!).length / draws.length;
        assert.ok(isBetter > 0.005 && isBetter < 0.995, `${scores[a]} beats ${scores[b]} with ${isBetter}`);
      }
    t.diagnostic(`weights ${[...means].map((mean) => mean.toFixed(4))}, clicks ${shown / possible}`);
    assert.ok(shown >= 0.98 * possible, `${shown / possible} of the clicks`);
  });
});
