import { bestRows, type FeatureTable, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { columnsOfModel } from '#contracts/domain/proposed-lists.ts';
import { aReward } from '#contracts/domain/records.testing.ts';
import type { Exposure } from '#contracts/generated/records.ts';
import { gatherCandidates } from '../candidates.ts';
import { someItem, someProposal } from '../pools/proposals.testing.ts';
import { applyReward, type Learned, type LearningTerms, nothingLearned } from './rewards.ts';

/** Visits of users to slates, as the stages learn from them: pools of several models, slates, rewards. */

export const MODELS = ['alpha', 'beta', 'gamma', 'delta'];
export const SLOTS = 10;
const CANDIDATES = 60;
const PARTITIONS = 4;
const START = Date.parse('2026-03-02T00:00:00Z');

/** The candidates of one user, as every slate of theirs has them. */
export function someTable(seed: number | string): FeatureTable {
  const random = createRandom(`pool ${seed}`);
  const lists = MODELS.map((model, index) => {
    const items = Array.from({ length: CANDIDATES }, (_, item) => item)
      .filter((item) => item % MODELS.length === index || random.next() < 0.6)
      .map((item) => someItem(`item ${item}`, random.normal()))
      .sort((a, b) => b.score - a.score);
    return columnsOfModel(someProposal({ model, items }));
  });
  return gatherCandidates(lists, { excluded: new Set(), now: START }).features;
}

/** The table with how often each item was shown without a reaction, as the feature of it. */
export function withShowings(
  { columns, values }: FeatureTable,
  shown: ReadonlyMap<number, number>,
): FeatureTable {
  const width = columns.length;
  const rows = values.length / width;
  const wide = new Float64Array(rows * (width + 1));
  for (let row = 0; row < rows; row++) {
    wide.set(values.subarray(row * width, (row + 1) * width), row * (width + 1));
    wide[row * (width + 1) + width] = Math.min(1, Math.log1p(shown.get(row) ?? 0) / Math.log1p(16));
  }
  return { columns: [...columns, 'item.shown'], values: wide };
}

/** Rows of the best candidates by the mean of the posterior. */
export function topTen(posterior: Posterior, table: FeatureTable): Int32Array {
  return bestRows(scoreRows(table, meanOfTable(posterior, table)), SLOTS);
}

/** Share of the first top ten that the second has too, over some users. */
export function overlap(before: Posterior, after: Posterior, users = 200): number {
  let kept = 0;
  for (let user = 0; user < users; user++) {
    const table = someTable(user);
    const then = topTen(before, table);
    const now = new Set(topTen(after, table));
    kept += then.filter((row) => now.has(row)).length / then.length;
  }
  return kept / users;
}

/** Sum of the standardised scores of all models, by row. */
export function sumOfScores({ columns, values }: FeatureTable): Float64Array {
  const weights = Float64Array.from(columns, (name) => (name.endsWith('.score') ? 1 : 0));
  return scoreRows({ columns, values }, weights);
}

/** Learns from visits, one second apart. */
export class Visits {
  readonly partitions: Learned[] = Array.from({ length: PARTITIONS }, nothingLearned);
  readonly #terms: LearningTerms;
  #visits = 0;

  constructor(terms: LearningTerms) {
    this.#terms = terms;
  }

  /** @param rewardOf of the row in the slot, and whether it was seen */
  visit(
    table: FeatureTable,
    order: Int32Array,
    rewardOf: (row: number, slot: number) => number,
    exposure: Exposure = 'seen',
  ): void {
    const { columns, values } = table;
    const learned = this.partitions[this.#visits % PARTITIONS]!;
    for (const [slot, row] of order.entries()) {
      const features = values.subarray(row * columns.length, (row + 1) * columns.length);
      const reward = aReward({
        ...{ sequence: learned.sequence + 1, slateId: `s${this.#visits}`, slot, exposure },
        slots: order.length,
        ...{ features: [...features], featureNames: columns, reward: rewardOf(row, slot) },
        servedAt: START + this.#visits * 1_000,
      });
      const outcome = applyReward(learned, reward, this.#terms);
      if (outcome !== 'taken' && outcome !== 'unseen') throw new Error(outcome);
    }
    this.#visits += 1;
  }
}

/** Whether a user clicks who looks at a slot the less the lower it is. @param relevance log-odds of a click on top */
export function clicks(random: Random, relevance: number, slot: number): number {
  return random.next() < clickRate(relevance, slot) ? 1 : 0;
}

export function clickRate(relevance: number, slot: number): number {
  return 0.85 ** slot / (1 + Math.exp(-relevance));
}
