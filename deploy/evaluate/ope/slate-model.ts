import { posterior } from '#algorithms/bandit/linear.ts';
import { crossFit } from '#algorithms/bandit/ope/cross-fit.ts';
import type { ExpectedRewards } from '#algorithms/bandit/ope/judged-slates.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import { nextItems } from './plackett-luce-slates.ts';
import type { SlateWorld, WorldLog } from './slate-world.ts';

const FOLDS = 2;
const NOISE_VARIANCE = 0.2;

/** Expected reward of each item in each slot, slots × items, of the user of a slate. */
type ModelOfUser = (user: number) => Float64Array;

/**
 * A model of the rewards by the bandit's own linear learner, which knows the item, the slot and the context but not the items above, so that
 * it is wrong for all worlds but that of slots. It is fitted on the users of the other fold.
 */
export function expectedBySlate(
  world: SlateWorld,
  log: WorldLog,
  policy: number,
): ExpectedRewards & { readonly q: Float64Array } {
  const { every, users } = world;
  const { items, slots } = every;
  const slates = log.users.length;
  const expected = {
    shown: new Float64Array(slates * slots),
    slot: new Float64Array(slates * slots),
    given: new Float64Array(slates * slots),
    q: new Float64Array(slates * slots * items),
  };
  const own = log.judged[0]!.users;
  crossFit(
    own,
    FOLDS,
    (rows) => fit(world, log, rows),
    (row, model) => {
      const user = log.users[row]!;
      const law = users[user]!.judged[policy]!;
      const q = model(user);
      expected.q.set(q, row * slots * items);
      const shown = log.items.subarray(row * slots, (row + 1) * slots);
      for (let slot = 0; slot < slots; slot++) {
        const at = row * slots + slot;
        const next = nextItems(law, shown, slot);
        expected.shown[at] = q[slot * items + shown[slot]!]!;
        for (let item = 0; item < items; item++) {
          expected.slot[at]! += law.marginal[slot * items + item]! * q[slot * items + item]!;
          expected.given[at]! += next[item]! * q[slot * items + item]!;
        }
      }
    },
  );
  return expected;
}

function fit({ every, dim, users }: SlateWorld, log: WorldLog, rows: Int32Array): ModelOfUser {
  const { items, slots } = every;
  const slotColumns = Array.from({ length: slots }, (_, slot) => `slot-${slot}`);
  const columnsOf = Array.from({ length: items }, (_, item) => [
    ...slotColumns,
    ...Array.from({ length: dim }, (_, i) => `item-${item}.${i}`),
  ]);
  const statistics = createStatistics();
  const { rewards } = log.judged[0]!;
  for (const row of rows) {
    const { context } = users[log.users[row]!]!;
    for (let slot = 0; slot < slots; slot++) {
      const at = row * slots + slot;
      const x = Float64Array.of(...slotColumns.map((_, i) => (i === slot ? 1 : 0)), ...context);
      observe(statistics, columnsOf[log.items[at]!]!, x, rewards[at]!);
    }
  }
  const prior = { precision: 1, meanOf: () => 0 };
  const { columns, mean } = posterior(statistics, { prior, noiseVariance: NOISE_VARIANCE });
  const weight = (name: string) => mean[columns.get(name) ?? -1] ?? 0;
  const bySlot = slotColumns.map(weight);
  const byItem = columnsOf.map((names) => names.slice(slots).map(weight));
  return (user) => {
    const { context } = users[user]!;
    const attraction = byItem.map((weights) => weights.reduce((sum, w, i) => sum + w * context[i]!, 0));
    return Float64Array.from(bySlot.flatMap((base) => attraction.map((own) => base + own)));
  };
}
