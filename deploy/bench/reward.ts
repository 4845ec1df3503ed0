import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import type { Proposal, Reward } from '#contracts/generated/records.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import type { Figures } from '../figures/figures.ts';
import type { Path } from '../path/path.ts';
import { someProposal, someReward } from '../path/some-records.ts';
import { onStages } from './on-stages.ts';

const ITEMS = ['tea', 'soap', 'milk', 'oats', 'rice', 'figs'];
const SLATES = 120;
/** Longest pause before a slate is rewarded: longer than the time between two posteriors, so that rewards come at any point of it. */
const PAUSE_MS = 1_200;
const USER = 'ann';

/**
 * Milliseconds from the acknowledgement of the last reward of a slate in the log until rerank answers with a posterior that includes it, as a
 * caller sees it who requests a probe every 10 ms. In half of the slates one item has a reward of 1, in half one of −1, and the others 0.
 * `moved` is the share of them after which the expected score of the item, relative to the others, is higher or lower accordingly.
 */
export function measure(): Promise<Figures> {
  return onStages(['rerank'], {}, async (path) => {
    await path.write('proposals', EVERYONE, listForAll());
    await waitFor(async () => (await probe(path)).slots.length === ITEMS.length, {
      message: 'slates are full',
    });
    const random = createRandom('rewards');
    const waits: Record<'positive' | 'negative', number[]> = { positive: [], negative: [] };
    let moved = 0;
    for (let number = 0; number < SLATES; number++) {
      await delay(random.next() * PAUSE_MS);
      const kind = number % 2 === 0 ? 'positive' : 'negative';
      const itemId = ITEMS[random.integer(ITEMS.length)]!;
      const before = await probe(path);
      const rewards = rewardsOf(before, itemId, { reward: kind === 'positive' ? 1 : -1, number });
      // One after another: a reward that overtakes one with a smaller sequence makes that one a repeat.
      for (const reward of rewards) await path.write('rewards', USER, reward);
      const acknowledged = performance.now();
      const observations = before.observations + ITEMS.length;
      const after = await waitFor(
        async () => {
          const slate = await probe(path);
          return slate.observations === observations && slate;
        },
        { message: 'the rewards are in the posterior' },
      );
      waits[kind].push(performance.now() - acknowledged);
      const difference = relativeScore(after, itemId) - relativeScore(before, itemId);
      if (kind === 'positive' ? difference > 0 : difference < 0) moved++;
    }
    const all = [...waits.positive, ...waits.negative];
    return {
      slates: SLATES,
      p50Ms: quantile(all, 0.5),
      p99Ms: quantile(all, 0.99),
      maxMs: Math.max(...all),
      positiveMaxMs: Math.max(...waits.positive),
      negativeMaxMs: Math.max(...waits.negative),
      moved: moved / SLATES,
    };
  });
}

function listForAll(): Proposal {
  const items = ITEMS.map((itemId, place) => {
    const score = 1 / (1 + place);
    return { itemId, score, popularity: score, because: null, explanation: '' };
  });
  return someProposal(EVERYONE, { model: 'trending', version: -1, items });
}

async function probe(path: Path): Promise<ExplainedSlate> {
  const body = { userId: USER, n: ITEMS.length, probe: true, explain: true };
  return (await path.call('rerank', 'POST', '/slates', body)).body as ExplainedSlate;
}

/** The rewards of a slate as feedback writes them, all seen. */
function rewardsOf(
  { slateId, slots, featureNames, contextNames, context }: ExplainedSlate,
  rewarded: string,
  { reward, number }: { readonly reward: number; readonly number: number },
): Reward[] {
  return slots.map(({ itemId, features, propensity }, slot) => {
    const isRewarded = itemId === rewarded;
    return someReward(USER, number * slots.length + slot + 1, {
      rewardId: `${slateId}/${slot}`,
      slateId,
      itemId,
      slot,
      slots: slots.length,
      reward: isRewarded ? reward : 0,
      actionType: isRewarded ? (reward > 0 ? 'buy' : 'hide') : null,
      delay: isRewarded ? 1_000 : null,
      features: [...features, ...context],
      featureNames: [...featureNames, ...contextNames],
      propensity,
    });
  });
}

/** Expected score of an item above the mean of the slate. */
function relativeScore({ slots, explain }: ExplainedSlate, itemId: string): number {
  const scores = explain!.slots.map(({ contributions }) =>
    Object.values(contributions).reduce((sum, one) => sum + one, 0),
  );
  const mean = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  return scores[slots.findIndex((slot) => slot.itemId === itemId)]! - mean;
}
