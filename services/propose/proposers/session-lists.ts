import type { Session } from '#algorithms/sessions/recent-sessions.ts';
import {
  type NeighbourOptions,
  type SessionIndex,
  type TransitionOptions,
  transitionsFrom,
  voteOfNeighbours,
} from '#algorithms/sessions/session-neighbours.ts';
import { TopK } from '#algorithms/top-k.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { Candidate, ListsForUsers, ProposedList, Resources } from './proposer.ts';

/** Time for which the actions of the interests are waited for, ms: they come to this process on another way than the interests. */
const WAIT_MS = 250;

export type RankSession = (current: Session, index: SessionIndex, seen: ReadonlySet<string>) => Candidate[];

/** A model that ranks by the current session of each user; a user without one gets an empty list. */
export function createSessionModel(sessions: Resources['sessions'], rank: RankSession): ListsForUsers {
  return {
    async propose(users, signal) {
      await reachAll(sessions, users, signal);
      const lists = new Map<string, ProposedList>();
      for (const { userId, recent } of users) {
        const current = sessions.latestOf(userId);
        const items = current === undefined ? [] : rank(current, sessions, new Set(recent));
        lists.set(userId, { items });
      }
      return lists;
    },
  };
}

/** After the wait the lists are those of the sessions that are here; the next interests bring the others. */
async function reachAll(
  sessions: Resources['sessions'],
  users: readonly UserInterests[],
  signal: AbortSignal,
): Promise<void> {
  const limit = new AbortController();
  const end = () => limit.abort();
  const timer = setTimeout(end, WAIT_MS);
  signal.addEventListener('abort', end);
  try {
    await Promise.all(users.map(({ userId, version }) => sessions.reach(userId, version, limit.signal)));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
  signal.throwIfAborted();
}

/** The candidates of the session's neighbours, the best first, ties by item id. */
export function rankByNeighbours(
  current: Session,
  index: SessionIndex,
  seen: ReadonlySet<string>,
  options: NeighbourOptions & { readonly candidates: number },
): Candidate[] {
  const votes = voteOfNeighbours(current, index, options);
  return best([...votes], ([, score]) => score, current, seen, options.candidates).map(([itemId, score]) => ({
    itemId,
    score,
  }));
}

/** The candidates that followed the latest items of the session, with the item that they followed most as their cause. */
export function rankByTransitions(
  current: Session,
  index: SessionIndex,
  seen: ReadonlySet<string>,
  options: TransitionOptions & { readonly candidates: number },
): Candidate[] {
  const transitions = transitionsFrom(current, index, options);
  const ranked = best([...transitions], ([, { weight }]) => weight, current, seen, options.candidates);
  return ranked.map(([itemId, { weight, source, largest }]) => ({
    itemId,
    score: weight,
    because: {
      itemId: current.items[source]!,
      type: current.types[source]!,
      importance: largest / weight,
      lastOccurredAt: current.lastAt,
    },
  }));
}

function best<T>(
  entries: Array<readonly [string, T]>,
  scoreOf: (entry: readonly [string, T]) => number,
  current: Session,
  seen: ReadonlySet<string>,
  candidates: number,
): Array<readonly [string, T]> {
  const taken = new Set(current.items);
  const left = entries.filter(([itemId]) => !taken.has(itemId) && !seen.has(itemId));
  // Only entries that reach the last place are sorted.
  const top = new TopK(Math.min(candidates, left.length));
  for (const [place, entry] of left.entries()) top.offer(place, scoreOf(entry));
  return left
    .filter((entry) => scoreOf(entry) >= top.bar)
    .sort((a, b) => scoreOf(b) - scoreOf(a) || (a[0] < b[0] ? -1 : 1))
    .slice(0, candidates);
}
