/** What the console shows of an item beside the API: who acted on it lately, and what it earned in slates. */

import { actionOf, rewardOf, type StoryEntry } from '#topics/story/entry.ts';
import { readStory } from '#topics/story/read-story.ts';
import type { RewardedItem } from './earnings.ts';
import { earningsOf } from './earnings.ts';
import type { LogClients } from './log-clients.ts';

/** Messages of each partition that are searched. */
const SEARCHED = 2_000;
const TAKERS = 20;

export interface ItemStory {
  /** Number of actions by type, the most frequent first. */
  readonly types: ReadonlyArray<{ readonly type: string; readonly actions: number; readonly users: number }>;
  /** The last users who acted on it, each once, the newest first. */
  readonly takers: ReadonlyArray<{
    readonly userId: string;
    readonly type: string;
    readonly occurredAt: number;
  }>;
  /** What it earned where it was shown; undefined where no reward is settled. */
  readonly earned: RewardedItem | undefined;
  /** Messages of each partition that were searched. */
  readonly searched: number;
}

/** @throws the errors of `readTopic` */
export async function readItemStory(clients: LogClients, itemId: string): Promise<ItemStory> {
  const { entries } = await readStory({
    ...clients,
    subject: { itemId },
    from: { at: 'last', count: SEARCHED },
    topics: ['actions', 'rewards'],
  });
  return itemStoryOf(entries);
}

export function itemStoryOf(entries: readonly StoryEntry[]): ItemStory {
  const actions = entries
    .flatMap((entry) => actionOf(entry) ?? [])
    .sort((a, b) => b.occurredAt - a.occurredAt);
  const newest = new Map<string, (typeof actions)[number]>();
  for (const action of actions) if (!newest.has(action.userId)) newest.set(action.userId, action);
  const types = Array.from(
    Map.groupBy(actions, ({ type }) => type),
    ([type, all]) => ({ type, actions: all.length, users: new Set(all.map(({ userId }) => userId)).size }),
  );
  return {
    types: types.sort((a, b) => b.actions - a.actions),
    takers: Array.from(newest.values())
      .slice(0, TAKERS)
      .map(({ userId, type, occurredAt }) => ({ userId, type, occurredAt })),
    earned: earningsOf(entries.flatMap((entry) => rewardOf(entry) ?? [])),
    searched: SEARCHED,
  };
}
