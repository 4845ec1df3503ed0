import { MAX_ITEMS } from '#index-client/limits.ts';
import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';

/** Where too many of the popular items may not be recommended, so many times more are looked up. */
const GROWTH = 4;

/** The items of highest decayed count that may be recommended: one list for every user. */
export const trending = defineProposer({
  name: 'trending',
  explanation: 'popular right now',
  needs: ['index', 'popularity'],
  settings: {
    intervalMs: number('TRIBUTARY_TRENDING_INTERVAL_MS', {
      fallback: 2_000,
      minimum: 100,
      maximum: 3_600_000,
      integer: true,
      unit: 'ms',
      summary: 'time between two lists of trending items',
    }),
  },
  create: ({ index, popularity, settings, candidates }) => ({
    everyMs: settings.intervalMs,
    async propose() {
      for (let count = candidates; ; count *= GROWTH) {
        const top = popularity.top(Math.min(count, MAX_ITEMS));
        if (top.length === 0) return undefined;
        const withheld = await index.withheld(top.map(({ itemId }) => itemId));
        const offered = top.filter(({ itemId }) => !withheld.has(itemId)).slice(0, candidates);
        const isAll = top.length < count || count >= MAX_ITEMS;
        if (offered.length < candidates && !isAll) continue;
        return { items: offered.map(({ itemId, share }) => ({ itemId, score: share, popularity: share })) };
      }
    },
  }),
});
