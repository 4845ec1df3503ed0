/** Valid records for tests: each builder fills in the fields that the test does not name. */
import type {
  CandidateSet,
  Cause,
  DeadLetter,
  Experiment,
  Item,
  ItemEmbedding,
  Medoid,
  ModelWeights,
  Proposal,
  ProposedItem,
  Release,
  Reward,
  Slate,
  Slot,
  UserAction,
  UserInterests,
} from '../generated/records.ts';
import { encodeVector } from '../vectors.ts';
import { type LoggedAction, timestampOf } from './action-validity.ts';
import { encodeFeatures, FEATURE_BYTES } from './candidate-sets.ts';

/** The time at which the records were made, ms. */
export const RECORDED_AT = Date.parse('2026-03-01T12:00:00Z');

let events = 0;

/** A purchase by u1, accepted at once; its event id is unique in the process. */
export function anAction(change: Partial<UserAction> = {}): UserAction {
  events += 1;
  const occurredAt = change.occurredAt ?? RECORDED_AT;
  return {
    eventId: `e${events}`,
    userId: 'u1',
    itemId: 'tea',
    type: 'buy',
    occurredAt,
    receivedAt: occurredAt,
    contextId: null,
    value: null,
    slateId: null,
    slot: null,
    ...change,
  };
}

/** The action as the gateway writes it into the log. */
export function logged(value: UserAction): LoggedAction {
  return { value, key: value.userId, timestamp: timestampOf(value) };
}

/** An available item without text, titled by its id. */
export function anItem(change: Partial<Item> = {}): Item {
  const itemId = change.itemId ?? 'tea';
  return {
    itemId,
    title: itemId,
    text: '',
    categories: [],
    attributes: {},
    vector: null,
    availability: 'available',
    updatedAt: RECORDED_AT,
    ...change,
  };
}

/** A trained vector in g1. @param components of the vector */
export function anEmbedding(
  change: Partial<ItemEmbedding> = {},
  components: readonly number[] = [1, 0],
): ItemEmbedding {
  return {
    generation: 'g1',
    itemId: 'tea',
    vector: encodeVector(Float32Array.from(components)),
    origin: 'trained',
    basis: null,
    ...change,
  };
}

/** The active release of g1, with one item in two dimensions. */
export function aRelease(change: Partial<Release> = {}): Release {
  return {
    generation: 'g1',
    state: 'active',
    dimension: 2,
    alpha: 1,
    itemCount: 1,
    actionCount: 1,
    createdAt: RECORDED_AT,
    updatedAt: RECORDED_AT,
    metrics: {},
    modelCard: '{}',
    reason: null,
    follows: null,
    ...change,
  };
}

export function someWeights(change: Partial<ModelWeights> = {}): ModelWeights {
  return {
    model: 'pinsage',
    generation: 'g1',
    format: 'tributary.pinsage/1',
    weights: Buffer.alloc(0),
    card: '{}',
    length: 0,
    checksum: '',
    parts: [],
    requires: [],
    trainedUpTo: null,
    ...change,
  };
}

export function aMedoid(change: Partial<Medoid> = {}): Medoid {
  return { itemId: 'tea', type: 'buy', importance: 1, size: 1, lastOccurredAt: RECORDED_AT, ...change };
}

/** Interests of u1 in g1 with the one medoid tea. */
export function someInterests(change: Partial<UserInterests> = {}): UserInterests {
  return {
    userId: 'u1',
    version: 5,
    generation: 'g1',
    streamTime: RECORDED_AT,
    receivedAt: RECORDED_AT,
    medoids: [aMedoid()],
    recent: [],
    windowSize: 1,
    unknownItems: 0,
    types: [],
    recentTypes: [],
    repeats: [],
    ...change,
  };
}

export function aCause(change: Partial<Cause> = {}): Cause {
  return { itemId: 'tea', type: 'buy', importance: 0.25, lastOccurredAt: RECORDED_AT, ...change };
}

export function aProposedItem(change: Partial<ProposedItem> = {}): ProposedItem {
  return { itemId: 'tea', score: 1, because: null, popularity: 0, explanation: '', ...change };
}

/** A proposal of the trending model for u1 with the one item tea. */
export function aProposal(change: Partial<Proposal> = {}): Proposal {
  return {
    userId: 'u1',
    model: 'trending',
    generation: null,
    version: 1,
    receivedAt: RECORDED_AT,
    items: [aProposedItem()],
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

export function aSlot(change: Partial<Slot> = {}): Slot {
  return {
    itemId: 'tea',
    models: ['trending'],
    because: null,
    features: [1, 0],
    score: 1,
    propensity: 0.5,
    explanation: '',
    conditional: 0.5,
    inclusion: 0.75,
    ...change,
  };
}

/** A slate for u1 that shows tea. */
export function aSlate(change: Partial<Slate> = {}): Slate {
  return {
    slateId: 's1',
    userId: 'u1',
    servedAt: RECORDED_AT,
    policy: 'thompson(draws=64)',
    observations: 0,
    generation: null,
    interestsVersion: -1,
    experiment: null,
    featureNames: ['bias', 'trending.score'],
    slots: [aSlot()],
    contextNames: [],
    context: [],
    policyId: '',
    posteriorId: '',
    seed: '',
    draws: 64,
    epsilon: 0,
    propensity: 0.5,
    candidateCount: 2,
    candidateDigest: '',
    learner: '',
    ...change,
  };
}

/** The reward of a purchase of tea from the first slot of s1. */
export function aReward(change: Partial<Reward> = {}): Reward {
  const slateId = change.slateId ?? 's1';
  const slot = change.slot ?? 0;
  return {
    rewardId: `${slateId}/${slot}`,
    sequence: 1,
    slateId,
    userId: 'u1',
    itemId: 'tea',
    slot,
    reward: 1,
    actionType: 'buy',
    delay: 5,
    features: [1, 0],
    featureNames: ['bias', 'trending.score'],
    propensity: 0.5,
    servedAt: RECORDED_AT,
    exposure: 'seen',
    outcomes: {},
    slots: 1,
    learner: '',
    ...change,
  };
}

/** A letter about an action that was dropped. */
export function aDeadLetter(change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    sourceTopic: 'actions',
    partition: 0,
    offset: 0,
    key: Buffer.from('u1'),
    value: Buffer.from([1]),
    headers: {},
    stage: 'interests',
    code: 'decode.magic',
    reason: 'The first byte is 1, not the 0 of the Confluent wire format.',
    failedAt: RECORDED_AT,
    messageBytes: null,
    ...change,
  };
}

/** A running experiment with two equal arms of one policy. */
export function anExperiment(change: Partial<Experiment> = {}): Experiment {
  return {
    name: 'autumn',
    state: 'running',
    arms: [
      { name: 'control', share: 1, policy: '' },
      { name: 'other', share: 1, policy: 'greedy' },
    ],
    promoted: null,
    startedAt: RECORDED_AT,
    updatedAt: RECORDED_AT,
    learning: 'shared',
    ...change,
  };
}

/** Two candidates with two features each, of a slate of u1. */
export function aCandidateSet(change: Partial<CandidateSet> = {}): CandidateSet {
  return {
    slateId: 's1',
    userId: 'u1',
    servedAt: RECORDED_AT,
    size: 1,
    itemIds: ['tea', 'soap'],
    featureNames: ['bias', 'popularity'],
    features: encodeFeatures(Float64Array.of(1, 0.25, 1, 0.5)),
    featureBytes: FEATURE_BYTES,
    rewardOffsets: [-1, 4],
    kinds: [],
    terms: [],
    ...change,
  };
}
