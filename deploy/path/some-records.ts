/** Valid records for benches and faults, and what the stages need to handle them. */
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import type {
  ItemEmbedding,
  Proposal,
  Release,
  Reward,
  Slate,
  UserAction,
  UserInterests,
} from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';

export const GENERATION = '20260101T000000000Z';
/** Some with the names of properties that every object has. */
export const ITEM_IDS = ['tea', 'mate', 'nail', 'screw', 'constructor', '__proto__', 'toString'] as const;
/** The partition of every case that does not name another. */
export const PARTITION = 0;

/** Returns a user whose messages belong to the partition; each number has a user of its own. */
export function userOf(number: number, partition = PARTITION): string {
  for (let i = 0; ; i++) {
    const userId = `user-${number}-${i}`;
    if (partitionOfKey(userId, CATALOG.actions.partitions) === partition) return userId;
  }
}

export function someAction(userId: string, change: Partial<UserAction> = {}): UserAction {
  const now = Date.now();
  return {
    eventId: `event of ${userId}`,
    userId,
    itemId: 'tea',
    type: 'buy',
    occurredAt: now,
    receivedAt: now,
    contextId: null,
    value: null,
    slateId: null,
    slot: null,
    ...change,
  };
}

export function someInterests(userId: string, change: Partial<UserInterests> = {}): UserInterests {
  const now = Date.now();
  return {
    userId,
    version: 1,
    generation: GENERATION,
    streamTime: now,
    receivedAt: now,
    medoids: [{ itemId: 'tea', type: 'buy', importance: 1, size: 1, lastOccurredAt: now }],
    recent: [],
    windowSize: 1,
    unknownItems: 0,
    types: [],
    recentTypes: [],
    repeats: [],
    ...change,
  };
}

export function someProposal(userId: string, change: Partial<Proposal> = {}): Proposal {
  return {
    userId,
    model: 'corpus',
    generation: null,
    version: 1,
    receivedAt: Date.now(),
    items: ITEM_IDS.map((itemId, i) => ({
      itemId,
      score: 1 / (i + 1),
      because: null,
      popularity: 0.5,
      explanation: '',
    })),
    recent: [],
    explanation: '',
    candidates: [],
    popularity: [],
    causes: [],
    lists: [],
    interestsOffset: -1,
    interestsAt: 0,
    ...change,
  };
}

/** A proposal of two models in columns; `list` changes the list of the second one. */
export function someLists(
  userId: string,
  change: Partial<Proposal> = {},
  list: Partial<Proposal['lists'][number]> = {},
): Proposal {
  const places = ITEM_IDS.map((_, place) => place);
  const scores = places.map((place) => 1 / (place + 1));
  const first = { model: 'corpus', generation: null, explanation: '', places, scores, causes: [] };
  const reasons = { explanations: [], reasons: [] };
  return someProposal(userId, {
    model: '',
    items: [],
    candidates: ITEM_IDS,
    popularity: ITEM_IDS.map(() => 0.5),
    causes: [{ itemId: 'tea', type: 'buy', importance: 0.5, lastOccurredAt: Date.now() }],
    lists: [
      { ...first, ...reasons },
      { ...first, ...reasons, model: 'corpus-2', causes: places.map(() => 0), ...list },
    ],
    ...change,
  });
}

export function someSlate(userId: string, change: Partial<Slate> = {}): Slate {
  return {
    slateId: `slate of ${userId}`,
    userId,
    servedAt: Date.now(),
    policy: 'corpus',
    observations: 0,
    generation: null,
    interestsVersion: 1,
    experiment: null,
    ...UNKNOWN_CHOICE,
    featureNames: ['bias', 'popularity'],
    slots: [
      {
        itemId: 'tea',
        models: ['corpus'],
        because: null,
        features: [1, 0.5],
        score: 1,
        propensity: 0.5,
        explanation: '',
        conditional: 0.5,
        inclusion: 0.75,
      },
    ],
    ...change,
  };
}

export function someReward(userId: string, sequence: number, change: Partial<Reward> = {}): Reward {
  return {
    rewardId: `${userId}/0`,
    sequence,
    slateId: userId,
    userId,
    itemId: 'tea',
    slot: 0,
    reward: 1,
    actionType: 'buy',
    delay: 5,
    features: [1, 0.5],
    featureNames: ['bias', 'popularity'],
    propensity: 0.5,
    servedAt: Date.now(),
    exposure: 'seen',
    outcomes: {},
    slots: 1,
    learner: '',
    ...change,
  };
}

export function someEmbedding(itemId: string, change: Partial<ItemEmbedding> = {}): ItemEmbedding {
  const angle = ITEM_IDS.findIndex((known) => known === itemId) / 4;
  const vector = encodeVector(Float32Array.of(Math.cos(angle), Math.sin(angle)));
  return { generation: GENERATION, itemId, vector, origin: 'trained', basis: null, ...change };
}

type Write = <T extends TopicName>(topic: T, key: string, value: TopicValue<T>) => Promise<void>;

/** Writes a catalogue and a generation, so that models propose and slates are served. */
export async function publish(write: Write): Promise<void> {
  const now = Date.now();
  for (const itemId of ITEM_IDS) {
    const content = { title: itemId, text: '', categories: [], attributes: {}, vector: null };
    await write('items', itemId, { itemId, ...content, availability: 'available', updatedAt: now });
    await write('embeddings', `${GENERATION}/${itemId}`, someEmbedding(itemId));
  }
  const release: Release = {
    generation: GENERATION,
    state: 'ready',
    dimension: 2,
    alpha: 1,
    itemCount: ITEM_IDS.length,
    actionCount: 1,
    createdAt: now,
    updatedAt: now,
    metrics: {},
    modelCard: '{}',
    reason: null,
    follows: null,
  };
  await write('releases', GENERATION, release);
}
