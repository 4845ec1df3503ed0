import { expectedInterval, nextPurchaseDensity } from '#algorithms/retrieval/next-purchase.ts';
import { BOUGHT_AGAIN } from '#contracts/domain/asked-lists.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { type Candidate, defineProposer, type ListsForUsers, type Resources } from './proposer.ts';

const MINUTES_PER_DAY = 1_440;
const MS_PER_MINUTE = 60_000;

/** Items that the user bought on several days: a list of its own, which a request must name (`list=bought-again`). */
export const boughtAgain = defineProposer({
  name: BOUGHT_AGAIN,
  explanation: 'because you {deed} it before',
  needs: ['interests', 'intervals'],
  settings: {},
  create: ({ intervals, candidates }): ListsForUsers => ({
    async propose(users) {
      return new Map(
        users.map((user) => [user.userId, { items: repeatsOf(user, intervals).slice(0, candidates) }]),
      );
    },
  }),
});

/** The items of a list by when they are due; `asked-lists.ts` says what score and cause mean. */
function repeatsOf(
  { recent, repeats, streamTime }: UserInterests,
  intervals: Resources['intervals'],
): readonly Candidate[] {
  return repeats
    .map(({ place, times, span, idle }) => {
      const itemId = recent[place]!;
      const count = times - 1;
      const own = { count, days: span / MINUTES_PER_DAY / count };
      const days = expectedInterval({ own, usualDays: intervals.usualDays(itemId) });
      const density = nextPurchaseDensity(idle / MINUTES_PER_DAY, days);
      const lastOccurredAt = streamTime - idle * MS_PER_MINUTE;
      const because = { itemId, type: 'buy', importance: 0, lastOccurredAt };
      return { density, candidate: { itemId, score: days, because } };
    })
    .sort((a, b) => b.density - a.density || (a.candidate.itemId < b.candidate.itemId ? -1 : 1))
    .map(({ candidate }) => candidate);
}
