/** One message of the log in a story, and its place among the others. */
import type {
  Proposal,
  RecordTypes,
  Reward,
  Slate,
  UserAction,
  UserInterests,
} from '#contracts/generated/records.ts';
import type { TopicName } from '../catalog.ts';

export interface StoryEntry {
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: number;
  /** When the message was written, in milliseconds since the epoch; of an action when the gateway accepted it. */
  readonly at: number;
  readonly key: string;
  /** Id of the W3C trace, 32 hexadecimal digits; undefined if the producer sent none. */
  readonly trace: string | undefined;
  /** Null for a tombstone. */
  readonly value: RecordTypes[keyof RecordTypes] | null;
}

/** An entry with the entry that led to it. */
export interface LinkedEntry {
  readonly entry: StoryEntry;
  readonly cause: StoryEntry | undefined;
  /** Words for how the cause led here: `reflects`, `shown in slot 2 of`. */
  readonly link: string;
}

export function actionOf({ topic, value }: StoryEntry): UserAction | undefined {
  return topic === 'actions' && value !== null ? (value as UserAction) : undefined;
}

export function interestsRecordOf({ topic, value }: StoryEntry): UserInterests | undefined {
  return topic === 'interests' && value !== null ? (value as UserInterests) : undefined;
}

export function proposalOf({ topic, value }: StoryEntry): Proposal | undefined {
  return topic === 'proposals' && value !== null ? (value as Proposal) : undefined;
}

export function slateOf({ topic, value }: StoryEntry): Slate | undefined {
  return topic === 'slates' && value !== null ? (value as Slate) : undefined;
}

export function rewardOf({ topic, value }: StoryEntry): Reward | undefined {
  return topic === 'rewards' && value !== null ? (value as Reward) : undefined;
}

/** The slate that any record names, whichever its topic. */
export function slateIdOf({ value }: StoryEntry): string | undefined {
  const { slateId } = (value ?? {}) as { readonly slateId?: unknown };
  return typeof slateId === 'string' ? slateId : undefined;
}
