import { TRENDING_BY_CATEGORY } from '#contracts/domain/asked-lists.ts';
import { MAX_ITEMS } from '#index-client/limits.ts';
import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';

/** The items of each category that trend and may be recommended: one list for every user, for requests that name a category. */
export const trendingByCategory = defineProposer({
  name: TRENDING_BY_CATEGORY,
  explanation: 'popular right now',
  needs: ['index', 'popularity', 'categories'],
  settings: {
    ofCategory: number('TRIBUTARY_TRENDING_OF_CATEGORY', {
      fallback: 20,
      minimum: 1,
      maximum: 1_000,
      integer: true,
      unit: 'items',
      summary: 'items of each category in the list of items that trend by category',
    }),
    intervalMs: number('TRIBUTARY_TRENDING_BY_CATEGORY_INTERVAL_MS', {
      fallback: 30_000,
      minimum: 100,
      maximum: 3_600_000,
      integer: true,
      unit: 'ms',
      summary: 'time between two lists of items that trend by category',
    }),
  },
  create: ({ index, popularity, categories, settings: { ofCategory, intervalMs } }) => ({
    everyMs: intervalMs,
    candidates: MAX_ITEMS,
    async propose() {
      const top = popularity.top(MAX_ITEMS);
      if (top.length === 0) return undefined;
      const withheld = await index.withheld(top.map(({ itemId }) => itemId));
      const held = new Map<string, number>();
      const items = top.filter(({ itemId }) => {
        if (withheld.has(itemId)) return false;
        const short = categories.of(itemId).filter((name) => (held.get(name) ?? 0) < ofCategory);
        for (const name of short) held.set(name, (held.get(name) ?? 0) + 1);
        return short.length > 0;
      });
      return { items: items.map(({ itemId, share }) => ({ itemId, score: share, popularity: share })) };
    },
  }),
});
