import { createRandom } from '#algorithms/random.ts';
import type { Candidates } from '../../../services/rerank/candidates.ts';
import type { Household } from './households.ts';

const ITEMS = 40;
const COLUMNS = ['bias', 'good.proposed', 'good.score', 'bad.proposed', 'bad.score'];

/** Households that buy what `good` ranks high, and nothing that only `bad` does; after the drift the two change places. */
export function someHouseholds(count: number): Household[] {
  return Array.from({ length: count }, (_, number) => {
    const random = createRandom(`household ${number}`);
    const scores = Array.from({ length: ITEMS }, () => [random.normal(), random.normal()] as const);
    const tableOf = (of: (pair: readonly [number, number]) => readonly [number, number]): Candidates => ({
      candidates: scores.map((_, i) => ({
        itemId: `i${i}`,
        models: ['good', 'bad'],
        because: null,
        explanation: '',
        popularity: 0,
      })),
      features: {
        columns: COLUMNS,
        values: Float64Array.from(scores.flatMap((pair) => [1, 1, of(pair)[0], 1, of(pair)[1]])),
      },
    });
    return {
      userId: `u${number}`,
      pool: { proposals: [], generation: 'g', interestsVersion: 1, recent: new Set(), lastReceivedAt: null },
      candidates: tableOf((pair) => pair),
      drifted: tableOf(([good, bad]) => [bad, good]),
      bought: new Set(scores.flatMap(([good], i) => (good > 1 ? [`i${i}`] : []))),
    };
  });
}
