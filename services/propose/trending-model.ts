import type { Proposal } from '#contracts/generated/records.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import type { Popularity } from './popularity.ts';

const MODEL = 'trending';
/** The user id of lists that serve everybody. */
export const EVERYBODY = '*';

/**
 * What is trending now, for every user, known or not: the items of highest decayed count that may be recommended.
 * @param receivedAt ms, the present
 */
export async function trendingProposal(
  popularity: Popularity,
  index: Pick<IndexClient, 'items'>,
  size: number,
  receivedAt: number,
): Promise<Proposal | undefined> {
  const top = popularity.top(size);
  if (top.length === 0) return undefined;
  const items = await index.items(top.map(({ itemId }) => itemId));
  return {
    userId: EVERYBODY,
    model: MODEL,
    generation: null,
    version: -1,
    receivedAt,
    recent: [],
    explanation: 'popular right now',
    items: top
      .filter(({ itemId }) => items[itemId]?.availability !== 'unavailable')
      .map(({ itemId, share }) => ({ itemId, score: share, because: null, popularity: share })),
  };
}
