/** What the console shows of a user beside the API: the last actions and slates, from the end of the user's partition. */
import type { Kafka } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import { actionOf, slateOf } from '#topics/story/entry.ts';
import { readStory } from '#topics/story/read-story.ts';

/** Messages of a partition that are searched for those of the user. */
const SEARCHED = 20_000;
const ACTIONS = 400;

export interface UserStory {
  readonly actions: ReadonlyArray<{ itemId: string; type: string; occurredAt: number }>;
  readonly slates: ReadonlyArray<{ slateId: string; servedAt: number; items: readonly string[] }>;
}

/** @throws the errors of `readTopic` */
export async function readUserStory(
  options: { kafka: Kafka; codec: Codec; namespace: string; signal: AbortSignal },
  userId: string,
): Promise<UserStory> {
  const from = { at: 'last', count: SEARCHED } as const;
  const { entries } = await readStory({
    ...options,
    subject: { userId },
    from,
    topics: ['actions', 'slates'],
  });
  const actions = entries.flatMap((entry) => actionOf(entry) ?? []);
  return {
    actions: actions
      .sort((a, b) => a.occurredAt - b.occurredAt)
      .slice(-ACTIONS)
      .map(({ itemId, type, occurredAt }) => ({ itemId, type, occurredAt })),
    slates: entries
      .flatMap((entry) => slateOf(entry) ?? [])
      .slice(-10)
      .map(({ slateId, servedAt, slots }) => ({
        slateId,
        servedAt,
        items: slots.map(({ itemId }) => itemId),
      })),
  };
}
