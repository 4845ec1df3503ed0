import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Fastify from 'fastify';
import { posterior } from '#algorithms/bandit/linear.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import { columnsOf } from '#contracts/domain/proposed-lists.ts';
import { aCause, aProposal, aProposedItem } from '#contracts/domain/records.testing.ts';
import { addInspectRoutes, inspectPolicy, inspectPool } from './inspect-routes.ts';
import { joinPools } from './pools/pool.ts';
import type { ServedPolicy } from './slate.ts';

const PRIOR = { prior: { precision: 1, meanOf: () => 0 }, noiseVariance: 1 };

function servedBy(change: Partial<ServedPolicy> = {}): ServedPolicy {
  return { label: 'greedy', policy: {} as ServedPolicy['policy'], observations: 3, ...change };
}

describe('what people see of rerank', () => {
  it('the weights of the policy have a mean and a deviation, which rewards make smaller, the largest first', () => {
    const statistics = createStatistics();
    for (let reward = 0; reward < 3; reward++)
      observe(statistics, ['often', 'rarely'], Float64Array.of(2, 0.1), 1);
    const { weights, policy, observations } = inspectPolicy(
      servedBy({ posterior: posterior(statistics, PRIOR) }),
    );
    assert.deepEqual([policy, observations], ['greedy', 3]);
    assert.deepEqual(
      weights.map(({ name }) => name),
      ['often', 'rarely'],
    );
    const [often, rarely] = weights;
    assert.ok(often!.deviation < rarely!.deviation && rarely!.deviation <= 1, JSON.stringify(weights));
  });

  it('a policy without a posterior has no weights', () => {
    assert.deepEqual(inspectPolicy(servedBy()).weights, []);
  });

  it('the lists of a user name the model, the items in order and what led there', () => {
    const because = aCause({ itemId: 'milk' });
    const proposal = aProposal({
      userId: 'ada',
      model: 'near',
      items: [
        aProposedItem({ itemId: 'oats', score: 2, because }),
        aProposedItem({ itemId: 'tea', score: 1, because: null }),
      ],
    });
    const shared = aProposal({ userId: '*', model: 'trending', items: [aProposedItem({ itemId: 'bread' })] });
    const held = (one: typeof proposal) => columnsOf(one).map((list) => ({ offset: 1, proposal: list }));
    const pool = joinPools(held(proposal), held(shared));
    const lists = inspectPool(pool, 'ada', 1);
    assert.deepEqual(
      lists.map(({ model, isForEveryone, items }) => [
        model,
        isForEveryone,
        items.map((item) => item.itemId),
      ]),
      [
        ['near', false, ['oats']],
        ['trending', true, ['bread']],
      ],
    );
    assert.equal(lists[0]!.items[0]!.because, 'milk');
  });

  it('a policy of an arm is checked by its name before an experiment starts', async () => {
    const http = Fastify();
    addInspectRoutes(http, {
      served: () => servedBy(),
      policyOf: (name) =>
        name === 'greedy' ? { label: 'greedy' } : { reason: `there is no policy ${name}` },
      readPool: () => Promise.reject(new Error('not asked')),
      readItem: () => undefined,
    });
    const answerTo = async (name: string) =>
      (await http.inject(`/inspect/policies?name=${name}`)).json<Record<string, unknown>>();
    assert.deepEqual(await answerTo('greedy'), { name: 'greedy', label: 'greedy', reason: null });
    assert.equal((await answerTo('')).reason, null, 'the policy that the stage is set to');
    assert.deepEqual(await answerTo('neural'), {
      ...{ name: 'neural', label: null },
      reason: 'there is no policy neural',
    });
    await http.close();
  });

  it('an item is returned as the catalogue lists it, whatever its id, and null where it is not listed', async () => {
    const http = Fastify();
    const listed = { categories: ['Dairy'], attributes: { brand: 'Store' }, updatedAt: 7 };
    addInspectRoutes(http, {
      served: () => servedBy(),
      policyOf: (label) => ({ label }),
      readPool: () => Promise.reject(new Error('not asked')),
      readItem: (itemId) => (itemId === '..' ? listed : undefined),
    });
    const read = async (itemId: string) =>
      (await http.inject(`/inspect/items?itemId=${encodeURIComponent(itemId)}`)).json<object>();
    assert.deepEqual(await read('..'), { item: listed });
    assert.deepEqual(await read('a/b'), { item: null });
    await http.close();
  });
});
