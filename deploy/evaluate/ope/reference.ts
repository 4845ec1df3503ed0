import { judge, type Method } from '#algorithms/bandit/ope/estimate.ts';
import type { JudgedSlates, Looking } from '#algorithms/bandit/ope/judged-slates.ts';
import { createRandom } from '#algorithms/random.ts';
import type { PythonPeer } from '../../bench/peer.ts';
import { nextItems } from './plackett-luce-slates.ts';
import { expectedBySlate } from './slate-model.ts';
import type { SlateWorld, WorldLog } from './slate-world.ts';

type ReferenceValues = Record<Looking, Partial<Record<Method, number>>>;

/** The largest relative difference between our estimates of a log and those of the Open Bandit Pipeline. */
export async function differenceFromObp(
  peer: PythonPeer,
  world: SlateWorld,
  log: WorldLog,
  policy: number,
): Promise<number> {
  const judged = log.judged[policy]!;
  const expected = expectedBySlate(world, log, policy);
  const reference = await peer.ask<ReferenceValues>(question(world, log, policy, expected.q));
  let largest = 0;
  for (const [looking, values] of Object.entries(reference)) {
    const options = { looking: looking as Looking, random: createRandom(1), draws: 1, expected };
    const own = judge(judged, options).values;
    for (const [method, value] of Object.entries(values))
      largest = Math.max(largest, Math.abs(own.get(method as Method)!.value / value - 1));
  }
  return largest;
}

function question(world: SlateWorld, log: WorldLog, policy: number, q: Float64Array) {
  const { items, slots } = world.every;
  const { rewards, logged, judged } = log.judged[policy]!;
  const judgedItems = Array.from(log.users).flatMap((user, row) => {
    const shown = log.items.subarray(row * slots, (row + 1) * slots);
    const law = world.users[user]!.judged[policy]!;
    return Array.from({ length: slots }, (_, slot) => [...nextItems(law, shown, slot)]).flat();
  });
  return {
    task: 'slates',
    items,
    slots,
    reward: [...rewards],
    action: [...log.items],
    slot: [...logged.slot],
    judgedSlot: [...judged.slot],
    cascade: productsOf(logged, slots),
    judgedCascade: productsOf(judged, slots),
    slate: wholeOf(productsOf(logged, slots), slots),
    judgedSlate: wholeOf(productsOf(judged, slots), slots),
    qHat: [...q],
    judgedItems,
  };
}

function productsOf({ given }: JudgedSlates['logged'], slots: number): number[] {
  const products = [...given];
  for (let at = 0; at < products.length; at++) if (at % slots > 0) products[at]! *= products[at - 1]!;
  return products;
}

function wholeOf(products: readonly number[], slots: number): number[] {
  return products.map((_, at) => products[at - (at % slots) + slots - 1]!);
}
