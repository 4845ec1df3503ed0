import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';

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
      const top = popularity.top(candidates);
      if (top.length === 0) return undefined;
      const items = await index.items(top.map(({ itemId }) => itemId));
      return {
        items: top
          .filter(({ itemId }) => items[itemId]?.availability !== 'unavailable')
          .map(({ itemId, share }) => ({ itemId, score: share, popularity: share })),
      };
    },
  }),
});
