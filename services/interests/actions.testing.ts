import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { timestampOf } from '#contracts/domain/action-validity.ts';
import { anAction } from '#contracts/domain/records.testing.ts';
import type { ErrorCode } from '#contracts/errors.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { InterestsConfig } from './config.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

export const DAY = 86_400_000;
export const START = Date.parse('2026-03-01T00:00:00Z');

export const CONFIG: InterestsConfig = {
  windowDays: 90,
  windowMaximum: 400,
  lambdaPerDay: 0.01,
  actionWeights: DEFAULT_ACTION_WEIGHTS,
  recentMaximum: 100,
  refreshUsersPerSecond: 1_000_000,
  hotUsersMib: 16,
  vectorCacheItems: 0,
  indexUrls: ['http://127.0.0.1:8082'],
};

/** An action whose event id is composed of the other fields, so that equal actions are one event. */
export function action(change: Partial<UserAction> = {}): UserAction {
  const { userId, itemId, type, occurredAt } = anAction({ occurredAt: START, ...change });
  const eventId = `${userId}/${itemId}/${type}/${occurredAt}`;
  return anAction({ eventId, occurredAt, receivedAt: occurredAt + 1_000, ...change });
}

/** Two kinds of item far apart: on one cut, tea and mate are one interest, and so are nail and screw. */
export function served(generation = 'g1', known = ['tea', 'mate', 'nail', 'screw']): EmbeddingSpace {
  const vectors = new Map<string, Float32Array>([
    ['tea', Float32Array.of(1, 0)],
    ['mate', Float32Array.of(0.98, 0.2)],
    ['nail', Float32Array.of(-1, 0)],
    ['screw', Float32Array.of(-0.98, 0.2)],
  ]);
  return {
    generation,
    alpha: 1,
    vectorsOf: async () => (itemId) => (known.includes(itemId) ? vectors.get(itemId) : undefined),
  };
}

export interface LoggedAction {
  readonly offset: number;
  readonly value: UserAction | null;
}

/** A batch of partition 0, and the reasons of its rejected messages, by offset. */
export function batchOf(messages: readonly LoggedAction[]): IncomingBatch<UserAction> & {
  readonly rejected: ReadonlyMap<number, { readonly code: ErrorCode; readonly reason: string }>;
} {
  const rejected = new Map<number, { readonly code: ErrorCode; readonly reason: string }>();
  return {
    topic: 'actions',
    partition: 0,
    messages: messages.map(({ offset, value }) => ({
      partition: 0,
      offset,
      key: value?.userId ?? 'u1',
      timestamp: value === null ? START : timestampOf(value),
      value,
      trace: undefined,
    })),
    lastOffset: messages.at(-1)?.offset ?? -1,
    reject: (offset, code, reason) => void rejected.set(offset, { code, reason }),
    rejected,
  };
}
