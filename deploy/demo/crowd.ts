import { createRandom } from '#algorithms/random.ts';
import { collect, type Dataset } from '../data/dataset.ts';
import { People } from '../simulate/people.ts';
import type { ReplayPlan } from './plan.ts';

/** People for the live part: those who act in it, with the interests that they have in it, and that no stage knows at its beginning. */
export async function visitorsOf(
  dataset: Dataset,
  { historyCount }: ReplayPlan,
  seed: number,
): Promise<People> {
  const [items, live] = [await collect(dataset.items()), await collect(dataset.actions(historyCount))];
  return new People(items, live, createRandom(`visitors ${seed}`));
}
