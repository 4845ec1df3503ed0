/** Generated from contracts/schemas by `npm run generate`: change the schemas, not this file. */

import type { AvroRecord } from '../avro.ts';

/**
 * All candidates that a policy chose a slate from, for a share of the slates: with them the slate can be made
 * again, and other policies judged. Topic candidates, key userId.
 */
export interface CandidateSet {
  /** The slate that was chosen from them. */
  readonly slateId: string;
  /** To whom it was shown. */
  readonly userId: string;
  /** When the slate was chosen, in milliseconds since the epoch. */
  readonly servedAt: number;
  /** Number of slots that were asked for. */
  readonly size: number;
  /** The candidates, one for each row of the features. */
  readonly itemIds: readonly string[];
  /** Names of the features, in the order of the columns. */
  readonly featureNames: readonly string[];
  /**
   * The features exactly as the policy used them: little-endian numbers of featureBytes each, a row after the
   * other.
   */
  readonly features: Buffer;
  /** By partition of rewards, the offset of the last message that the posterior includes; −1 for none. */
  readonly rewardOffsets: readonly number[];
  /** Bytes of one feature: 2 for float16 (IEEE 754 binary16), 8 for float64. */
  readonly featureBytes: number;
  /** Kind of each candidate, of which a slate shows few; −1 for none. Empty where kinds are not limited. */
  readonly kinds: readonly number[];
  /**
   * Numbers of the categories and attributes of each candidate, ascending, by which items are told to be
   * alike. Empty where that is not limited.
   */
  readonly terms: readonly (readonly number[])[];
}

/**
 * A message that a stage could not decode or handle, with the reason. Topic dead-letters, key source topic.
 */
export interface DeadLetter {
  /** Topic of the message, without the namespace. */
  readonly sourceTopic: string;
  /** Partition of the message. */
  readonly partition: number;
  /** Offset of the message. */
  readonly offset: number;
  /** Key of the message; null if it had none. */
  readonly key: Buffer | null;
  /** Value of the message; null for a tombstone. */
  readonly value: Buffer | null;
  /** Headers of the message. */
  readonly headers: Readonly<Record<string, Buffer>>;
  /** The stage that rejected the message. */
  readonly stage: string;
  /** Error code, from the one list of codes. */
  readonly code: string;
  /** The reason in words. */
  readonly reason: string;
  /** When the message was rejected, in milliseconds since the epoch. */
  readonly failedAt: number;
  /**
   * Bytes of the key, value and headers of the message if the letter holds only the beginnings of them; null
   * if it holds them complete.
   */
  readonly messageBytes: number | null;
}

/**
 * running: users are divided among the arms. stopped: nobody is in it. promoted: one arm serves all users.
 */
export type ExperimentState = (typeof EXPERIMENT_STATES)[number];

/** All values of ExperimentState, in the order of the schema. */
export const EXPERIMENT_STATES = ['running', 'stopped', 'promoted'] as const;

/** One way to choose slates. */
export interface ExperimentArm {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Share of the users, relative to the other arms; positive. */
  readonly share: number;
  /**
   * Name of the bandit policy, with the settings that rerank has for it; empty for the policy that rerank is
   * set to.
   */
  readonly policy: string;
}

/**
 * shared: the rewards of all arms teach all of them. apart: each arm learns from its own rewards, and from
 * those outside of the experiment.
 */
export type ExperimentLearning = (typeof EXPERIMENT_LEARNINGS)[number];

/** All values of ExperimentLearning, in the order of the schema. */
export const EXPERIMENT_LEARNINGS = ['shared', 'apart'] as const;

/**
 * An experiment that divides the users among ways to choose slates. Topic experiments, key name. The newest
 * state of a name counts.
 */
export interface Experiment {
  /**
   * Identifies the experiment, and seeds the division of the users: lower-case letters, digits and hyphens.
   */
  readonly name: string;
  /** What holds from updatedAt on. */
  readonly state: ExperimentState;
  /** At least two; the first one is the control that the others are compared with. */
  readonly arms: readonly ExperimentArm[];
  /** The arm that serves all users; null unless the state is promoted. */
  readonly promoted: string | null;
  /** When the users were divided, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** When the state was declared. */
  readonly updatedAt: number;
  /** Whether arms share what is learned. */
  readonly learning: ExperimentLearning;
}

/** How the vector was computed. */
export type EmbeddingOrigin = (typeof EMBEDDING_ORIGINS)[number];

/** All values of EmbeddingOrigin, in the order of the schema. */
export const EMBEDDING_ORIGINS = ['trained', 'inductive'] as const;

/** The input from which a vector was computed, to detect that the vector is out of date. */
export interface EmbeddingBasis {
  /** 53-bit hash of the item's content; 0 if the content was unknown. */
  readonly content: number;
  /** Number of the item's contexts. */
  readonly degree: number;
}

/**
 * The vector of an item in one generation. Topic embeddings, key generation/itemId; a tombstone deletes the
 * vector.
 */
export interface ItemEmbedding {
  /** The generation to whose space the vector belongs. */
  readonly generation: string;
  /** The item. */
  readonly itemId: string;
  /** Little-endian float32 components, centred and of unit length. */
  readonly vector: Buffer;
  /**
   * Whether the item was in the training or is new. Either vector may have been computed again after the
   * training.
   */
  readonly origin: EmbeddingOrigin;
  /** The input of the vector; null if it is unknown. */
  readonly basis: EmbeddingBasis | null;
}

/** Whether the item may be recommended. */
export type Availability = (typeof AVAILABILITIES)[number];

/** All values of Availability, in the order of the schema. */
export const AVAILABILITIES = ['available', 'unavailable'] as const;

/**
 * An item of the catalogue, complete at each change. Topic items, key itemId; a tombstone deletes the item
 * for ever.
 */
export interface Item {
  /** Identifies the item. At most 256 bytes. */
  readonly itemId: string;
  /** Title for people; shown in slates and interests. */
  readonly title: string;
  /** Free text in any language; may be empty. */
  readonly text: string;
  /** Categories from broad to narrow. */
  readonly categories: readonly string[];
  /** Named properties such as brand or size. */
  readonly attributes: Readonly<Record<string, string>>;
  /**
   * An embedding supplied by the app (for example of the image), of the same length for all items; null if
   * there is none.
   */
  readonly vector: readonly number[] | null;
  /** An unavailable item remains in the catalogue but is not found in the served index. */
  readonly availability: Availability;
  /** When the app last changed the item, in milliseconds since the epoch. */
  readonly updatedAt: number;
}

/**
 * What a message of the inference is. In each partition: input of each of its items, weights, start, then
 * latents and embeddings, then end.
 */
export type LatentKind = (typeof LATENT_KINDS)[number];

/** All values of LatentKind, in the order of the schema. */
export const LATENT_KINDS = ['other', 'input', 'start', 'latent', 'embedding', 'end', 'weights'] as const;

/** Where an item's latents go, and whose it pools. */
export interface LatentInput {
  /** Items of the importance neighbourhood, most important first. */
  readonly neighbours: readonly string[];
  /** Little-endian float32, one a neighbour: the weights of the pooling, which sum to 1. */
  readonly importances: Buffer;
  /** Partitions that need the item's latents: its home, and those with an item that has it as a neighbour. */
  readonly readers: readonly number[];
}

/** That the input is complete in every partition, and the model. */
export interface InferenceStart {
  /** Inputs of this partition, to check that none is missing. */
  readonly itemCount: number;
  /** How many leading features of an input are the item's place in the graph of users. */
  readonly structure: number;
  /**
   * The weights of the model, in the format of the artefact pinsage, where they were written before there
   * were parts; else empty.
   */
  readonly weights: Buffer;
  /**
   * Number of messages of kind weights in this partition, whose bytes are the weights of the model in the
   * format of the artefact pinsage; 0 where `weights` holds them.
   */
  readonly weightParts: number;
}

/** A part of the bytes of the weights. */
export interface WeightsPart {
  /** Place of the part among all parts, from 0. */
  readonly number: number;
  /** The bytes of the part, at most 512 KiB. */
  readonly bytes: Buffer;
}

/**
 * A message of an inference by workers that embeds all items of a generation, layer by layer; each worker
 * owns some partitions. Topic inference, key the first itemId. An item's home is the partition of its id; a
 * latent is copied to each partition that pools it.
 */
export interface Latent {
  /** The generation that is being embedded. */
  readonly generation: string;
  /** What the message is; other is of a newer version, to be passed over. */
  readonly kind: LatentKind;
  /**
   * The items: one for an input, as many as fit into a message for latents and embeddings, none for the other
   * kinds.
   */
  readonly itemIds: readonly string[];
  /** Convolution whose neighbourhoods pool the latent, from 0; 0 for the other kinds. */
  readonly layer: number;
  /**
   * Little-endian float32, a row an item: the features of an input, the latents ReLU(Q h + q), or the
   * embeddings before they are centred.
   */
  readonly vectors: Buffer;
  /** Of an input. */
  readonly input: LatentInput | null;
  /** Of a start. */
  readonly start: InferenceStart | null;
  /** Of weights. */
  readonly part: WeightsPart | null;
}

/**
 * A part of the bytes of a trained artefact. Topic model-parts, key model/generation/part. Only the manifest
 * in the topic models says whether a part counts.
 */
export interface ModelPart {
  /** Which artefact, as in its manifest. */
  readonly model: string;
  /** The generation that the artefact belongs to. */
  readonly generation: string;
  /** Place of the part among the parts of the artefact, from 0. */
  readonly part: number;
  /** The bytes of the part, at most 512 KiB. */
  readonly bytes: Buffer;
}

/** Something that was made by a training and that an artefact is of no use without. */
export interface ArtefactRequirement {
  /** The artefact; null for the embeddings of the generation. */
  readonly model: string | null;
  /** The generation of that artefact, or of the embeddings. */
  readonly generation: string;
}

/**
 * The manifest of a trained artefact, such as the weights of a model. Topic models, key model/generation; a
 * tombstone withdraws the artefact. It is written after all parts of the artefact, which stand in the topic
 * model-parts.
 */
export interface ModelWeights {
  /**
   * Which artefact: pinsage (the weights of PinSage), pinsage-latents (what new items pool of their
   * neighbours), …
   */
  readonly model: string;
  /** The generation it belongs to. */
  readonly generation: string;
  /** How the bytes are to be read, such as tributary.pinsage/1. */
  readonly format: string;
  /** The bytes of an artefact that was written before there were parts; empty where parts hold them. */
  readonly weights: Buffer;
  /**
   * JSON that a reader of the bytes needs beside them: shapes, configuration, seeds; empty when there is
   * none.
   */
  readonly card: string;
  /** Number of bytes that the parts hold together. */
  readonly length: number;
  /** SHA-256 of these bytes in hexadecimal digits; empty where `weights` holds the bytes. */
  readonly checksum: string;
  /** SHA-256 of the bytes of each part in hexadecimal digits, in the order of the parts. */
  readonly parts: readonly string[];
  /** Other artefacts, and generations of embeddings, that the artefact is of no use without. */
  readonly requires: readonly ArtefactRequirement[];
  /**
   * Event time of the newest action that it was trained on, in milliseconds since the epoch; null where that
   * is not known.
   */
  readonly trainedUpTo: number | null;
}

/** The item of the user that led to a candidate: a medoid or another item of the window. */
export interface Cause {
  /** The item of the user. */
  readonly itemId: string;
  /** The weightiest action of the user on it, such as buy. */
  readonly type: string;
  /** Its share in the importance of all the user’s medoids, 0 to 1; 0 for an item that is no medoid. */
  readonly importance: number;
  /** Event time of the newest action in its cluster; 0 for an item that is no medoid. */
  readonly lastOccurredAt: number;
}

/** One candidate with the features that the re-ranker may use. */
export interface ProposedItem {
  /** The candidate. */
  readonly itemId: string;
  /** The model’s own score; comparable only within the model. */
  readonly score: number;
  /** The item of the user that led here; null when none did. */
  readonly because: Cause | null;
  /** Decayed count of the item scaled to 0..1 by the most popular one; 0 when unknown. */
  readonly popularity: number;
  /** Why this item is shown, where the explanation of the list does not hold for it; empty where it does. */
  readonly explanation: string;
}

/** An item of the user that led to candidates of the lists; the fields are those of Cause. */
export interface ListedCause {
  /** The item of the user. */
  readonly itemId: string;
  /** The weightiest action of the user on it, such as buy. */
  readonly type: string;
  /** Its share in the importance of all the user’s medoids, 0 to 1; 0 for an item that is no medoid. */
  readonly importance: number;
  /** Event time of the newest action in its cluster; 0 for an item that is no medoid. */
  readonly lastOccurredAt: number;
}

/** The list of one model, in columns with an entry for each of its candidates. */
export interface ModelList {
  /** Which model proposes; no two lists are of one model. */
  readonly model: string;
  /** Embedding generation searched in; null for a model that needs none. */
  readonly generation: string | null;
  /** Why an item of the list is shown, as in a record of one model. */
  readonly explanation: string;
  /** Positions in candidates, the best first. */
  readonly places: readonly number[];
  /** The model’s own score of each; comparable only within the model. */
  readonly scores: readonly number[];
  /** Position in the causes of the record for each, −1 for none; empty when no cause led to any. */
  readonly causes: readonly number[];
  /** Explanations that hold for some of the items instead of that of the list. */
  readonly explanations: readonly string[];
  /** Position in explanations for each, −1 for the explanation of the list; empty when that holds for all. */
  readonly reasons: readonly number[];
}

/**
 * Candidates of one model or of several for one user, replacing the earlier ones of these models. A record of
 * one model may have its candidates in items; every other record has them in candidates and lists, with items
 * and model empty. Topic proposals, key userId; the userId * stands for everybody.
 */
export interface Proposal {
  /** For whom; * for a list that serves every user, known or not. */
  readonly userId: string;
  /** Which model proposes the items: medoid-neighbours, trending, …; empty in a record with lists. */
  readonly model: string;
  /** Embedding generation of the items; null for a model that needs none, and in a record with lists. */
  readonly generation: string | null;
  /**
   * Version of the interests that were answered; −1 for a list that depends on no user. An older version
   * never replaces a newer one.
   */
  readonly version: number;
  /** When the gateway accepted the newest action reflected here. */
  readonly receivedAt: number;
  /** Candidates of the one model, the best first; empty in a record with lists. */
  readonly items: readonly ProposedItem[];
  /** Items the user acted on lately, which the slate leaves out. */
  readonly recent: readonly string[];
  /**
   * Why one of the items is shown, for the user: a text in which {deed} stands for the action on its cause,
   * such as bought, and {cause} for the title. Empty when the model explains nothing.
   */
  readonly explanation: string;
  /** The candidates of all lists, each once. */
  readonly candidates: readonly string[];
  /** Popularity of each of the candidates, from 0 to 1; empty when no list knows any. */
  readonly popularity: readonly number[];
  /** The items of the user that led to candidates, each once. */
  readonly causes: readonly ListedCause[];
  /** The lists, one a model. */
  readonly lists: readonly ModelList[];
  /**
   * Offset in the topic interests of the record that was answered; −1 if it is not known, and for a list that
   * depends on no user. Of two answers to one version of the interests, that to the later record counts.
   */
  readonly interestsOffset: number;
  /**
   * Kafka’s timestamp of that record, which tells whether the topic interests was made anew in between; 0 if
   * it is not known.
   */
  readonly interestsAt: number;
}

/**
 * building: being published; ready: complete and past its gate; active: served; retired: no longer served;
 * rejected: failed its gate, never served.
 */
export type ReleaseState = (typeof RELEASE_STATES)[number];

/** All values of ReleaseState, in the order of the schema. */
export const RELEASE_STATES = ['building', 'ready', 'active', 'retired', 'rejected'] as const;

/**
 * The state of one generation of embeddings. Topic releases, key generation; readers flip vectors, α and
 * index together on the active one.
 */
export interface Release {
  /** Identifies the generation; sorts by time of training. */
  readonly generation: string;
  /** State of the generation. */
  readonly state: ReleaseState;
  /** Length of the vectors. */
  readonly dimension: number;
  /** Cut height for Ward clustering in this space: √(2ab/(a+b))·‖c₁−c₂‖ on unit vectors. */
  readonly alpha: number;
  /** Number of trained embeddings that make the generation complete. */
  readonly itemCount: number;
  /** Number of actions in the training. */
  readonly actionCount: number;
  /** When training began, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** When this state was reached, in milliseconds since the epoch. */
  readonly updatedAt: number;
  /** Offline metrics that the gate compared. */
  readonly metrics: Readonly<Record<string, number>>;
  /** JSON: data range, sizes, seeds, metrics, α sweep, code version; empty if there is none. */
  readonly modelCard: string;
  /** Why the generation was rejected or retired; null otherwise. */
  readonly reason: string | null;
  /**
   * The updatedAt of the declaration by which the present life of the generation began, in milliseconds since
   * the epoch; readers ignore a declaration whose predecessor was replaced meanwhile. null begins a new life.
   */
  readonly follows: number | null;
}

/** What is known of whether the user saw a slot. */
export type Exposure = (typeof EXPOSURES)[number];

/** All values of Exposure, in the order of the schema. */
export const EXPOSURES = ['assumed', 'seen', 'unseen', 'unknown'] as const;

/**
 * What one shown item earned, written once when nothing can change it any more. Topic rewards, key userId.
 */
export interface Reward {
  /** slateId/slot: derived from its inputs, so that a repeat is the same reward. */
  readonly rewardId: string;
  /**
   * Grows by one with each reward of a partition; a reader drops what does not exceed the last one it took.
   */
  readonly sequence: number;
  /** The slate it belongs to. */
  readonly slateId: string;
  /** Who saw it. */
  readonly userId: string;
  /** The item shown. */
  readonly itemId: string;
  /** Its place, 0 on top. */
  readonly slot: number;
  /** The weighted sum of the outcomes of the objectives; 0 when there was no action that counts. */
  readonly reward: number;
  /** The action that earned it; null for a zero. */
  readonly actionType: string | null;
  /** Milliseconds from serving to that action; null for a zero. */
  readonly delay: number | null;
  /** The features as the policy used them, then the context of the slate. */
  readonly features: readonly number[];
  /** Names of the features and of the context, copied from the slate. An empty list stands for version 1. */
  readonly featureNames: readonly string[];
  /** Probability, in (0, 1], that the policy showed it there. */
  readonly propensity: number;
  /** When the slate was served, in milliseconds since the epoch. */
  readonly servedAt: number;
  /**
   * seen: the app reported an impression of the slot or an action on it. unseen: it reported impressions of
   * other slots alone. assumed: it reports no impressions, and the user reacted to the slate. unknown:
   * nothing shows that anybody looked at the slate. Only seen and assumed teach.
   */
  readonly exposure: Exposure;
  /** Outcome of each objective, by its name; objectives whose outcome is 0 are left out. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Number of slots of the slate, whose rewards follow one another in the log; 0 if it is not known. */
  readonly slots: number;
  /** Experiment and arm whose learning is apart, copied from the slate; empty where learning is shared. */
  readonly learner: string;
}

/** One place of the slate. */
export interface Slot {
  /** The item shown. */
  readonly itemId: string;
  /** The models that proposed it. */
  readonly models: readonly string[];
  /** The medoid that led here; null when no item did. */
  readonly because: Cause | null;
  /** The features exactly as the policy used them, one for each of featureNames. */
  readonly features: readonly number[];
  /** The score that the policy gave the item; Thompson sampling draws it. */
  readonly score: number;
  /**
   * Marginal probability, in (0, 1], that the policy would show this item in this place, over all items in
   * the places above.
   */
  readonly propensity: number;
  /** The explanation of the proposal that the item is explained by; see Proposal. */
  readonly explanation: string;
  /**
   * Probability, in (0, 1], that the policy shows the item in this place given the items in the places above;
   * 0 if it is not known.
   */
  readonly conditional: number;
  /** Probability, in (0, 1], that the policy shows the item in any place; 0 if it is not known. */
  readonly inclusion: number;
}

/**
 * What was shown to a user, and how it was chosen: everything that learning and off-policy evaluation need.
 * Topic slates, key userId.
 */
export interface Slate {
  /** Identifies the slate for ever. */
  readonly slateId: string;
  /** To whom it was shown. */
  readonly userId: string;
  /** When it was chosen, in milliseconds since the epoch; the attribution window starts here. */
  readonly servedAt: number;
  /** The policy that chose, with its settings, such as thompson(draws=64). */
  readonly policy: string;
  /** Number of rewards in the posterior that chose. */
  readonly observations: number;
  /** Embedding generation of the candidates; null when none was involved. */
  readonly generation: string | null;
  /** Newest version of the interests reflected; −1 for an unknown user. */
  readonly interestsVersion: number;
  /** Experiment arm; null outside an experiment. */
  readonly experiment: string | null;
  /** Names of the features, in their order in each slot. An empty list stands for version 1. */
  readonly featureNames: readonly string[];
  /** The places, the first on top. */
  readonly slots: readonly Slot[];
  /** Names of the numbers that describe the request, in their order in context. */
  readonly contextNames: readonly string[];
  /** What the policy knew of the request and of the user, one number for each of contextNames. */
  readonly context: readonly number[];
  /**
   * Digest of the policy, all its settings, the rules and the feature names: equal ids choose alike from
   * equal posteriors. Empty if it is not known.
   */
  readonly policyId: string;
  /**
   * Digest of the offsets in rewards up to which each partition is in the posterior. Empty if it is not
   * known.
   */
  readonly posteriorId: string;
  /** Seed of the random source that chose; empty where it is the slateId. */
  readonly seed: string;
  /** Number of draws from the posterior; 0 if the policy draws none. */
  readonly draws: number;
  /** Probability with which each place is filled from all candidates alike, 0 to 1. */
  readonly epsilon: number;
  /** Probability, in (0, 1], of the slate as a whole; 0 if it is not known. */
  readonly propensity: number;
  /** Number of candidates from which the policy chose; 0 if it is not known. */
  readonly candidateCount: number;
  /** Digest of the ids of the candidates, in the order of their rows; empty if it is not known. */
  readonly candidateDigest: string;
  /**
   * Experiment and arm whose learning is apart: the posterior that chose lacks the rewards of the other arms,
   * and the rewards of the slate are kept for it. Empty where learning is shared.
   */
  readonly learner: string;
}

/** The kinds of action; weights per type are configuration of each stage. */
export type ActionType = (typeof ACTION_TYPES)[number];

/** All values of ActionType, in the order of the schema. */
export const ACTION_TYPES = ['view', 'click', 'save', 'share', 'message', 'buy', 'rate', 'hide', 'return', 'impression'] as const;

/** An action of a user on an item, as accepted by the gateway. Topic actions, key userId. */
export interface UserAction {
  /**
   * Identifies the event for ever; a second event with the same id in a window is a duplicate. At most 256
   * bytes.
   */
  readonly eventId: string;
  /** The user who acted. At most 256 bytes. */
  readonly userId: string;
  /** The item acted on; it need not be in the catalogue yet. At most 256 bytes. */
  readonly itemId: string;
  /** The kind of action. */
  readonly type: ActionType;
  /** Event time in milliseconds since the epoch: when the user acted. Windows order by it. */
  readonly occurredAt: number;
  /**
   * When the gateway accepted the event, in milliseconds since the epoch; used to measure freshness, never to
   * order.
   */
  readonly receivedAt: number;
  /** The basket, board, list or session of the action; null if there is none. */
  readonly contextId: string | null;
  /** A magnitude from the app: quantity, price or stars; null if there is none. */
  readonly value: number | null;
  /**
   * The slate that the action answers, as the recommendations named it; null if the app does not know it. At
   * most 256 bytes.
   */
  readonly slateId: string | null;
  /** The place of the item in that slate, 0 on top; null if the app does not know it. */
  readonly slot: number | null;
}

/** The representative of one cluster of the window. */
export interface Medoid {
  /** The item whose vector represents the cluster. */
  readonly itemId: string;
  /**
   * Type of the user's action on that item with the largest weight, such as buy; slates use it in their
   * reasons.
   */
  readonly type: string;
  /** Sum over the cluster of weight · exp(−λ · age in days). */
  readonly importance: number;
  /** Number of actions in the cluster. */
  readonly size: number;
  /** Event time of the newest action in the cluster. */
  readonly lastOccurredAt: number;
}

/** Purchases of one item on several days. */
export interface Repeat {
  /** Position of the item in recent. */
  readonly place: number;
  /** Days of the window on which it was bought, at least 2. */
  readonly times: number;
  /** Minutes from the first of these purchases to the last, above 0. */
  readonly span: number;
  /** Minutes from the last purchase to the stream time, at least 0. */
  readonly idle: number;
}

/**
 * A user's interests after an action: PinnerSage medoids with importance, and the recent tail of the window.
 * Topic interests, key userId.
 */
export interface UserInterests {
  /** The user with these interests. */
  readonly userId: string;
  /** Offset in actions of the newest action included: a larger version of the same user is newer. */
  readonly version: number;
  /** Embedding generation in which the medoids were clustered; null before the first release is active. */
  readonly generation: string | null;
  /**
   * The partition's stream time when the action was applied: the newest event time seen, in milliseconds
   * since the epoch.
   */
  readonly streamTime: number;
  /**
   * When the gateway accepted the newest action included; kept so that freshness can be measured end to end.
   */
  readonly receivedAt: number;
  /** Medoids, the most important first. */
  readonly medoids: readonly Medoid[];
  /** Distinct items of the window, the newest first, bounded by configuration; slates leave them out. */
  readonly recent: readonly string[];
  /** Number of actions in the window. */
  readonly windowSize: number;
  /** Distinct items of the window that have no vector in this generation yet. */
  readonly unknownItems: number;
  /** Types of the user’s actions on the recent items, each once, such as buy. */
  readonly types: readonly string[];
  /**
   * Position in types of the weightiest action on each of the recent items; empty when that is the first of
   * types for all.
   */
  readonly recentTypes: readonly number[];
  /** Recent items that the user bought on several days. */
  readonly repeats: readonly Repeat[];
}

/** The type of each record that is a message, by the name of its schema. */
export interface RecordTypes {
  readonly CandidateSet: CandidateSet;
  readonly DeadLetter: DeadLetter;
  readonly Experiment: Experiment;
  readonly Item: Item;
  readonly ItemEmbedding: ItemEmbedding;
  readonly Latent: Latent;
  readonly ModelPart: ModelPart;
  readonly ModelWeights: ModelWeights;
  readonly Proposal: Proposal;
  readonly Release: Release;
  readonly Reward: Reward;
  readonly Slate: Slate;
  readonly UserAction: UserAction;
  readonly UserInterests: UserInterests;
}

/** Names of the records that are messages. */
export type RecordName = keyof RecordTypes;

/** The schema of each message, so that no file is read at run time. */
export const SCHEMAS: Readonly<Record<RecordName, AvroRecord>> = {
  CandidateSet: {
    "type": "record",
    "name": "CandidateSet",
    "namespace": "io.tributary",
    "doc": "All candidates that a policy chose a slate from, for a share of the slates: with them the slate can be made again, and other policies judged. Topic candidates, key userId.",
    "fields": [
      {
        "name": "slateId",
        "type": "string",
        "doc": "The slate that was chosen from them."
      },
      {
        "name": "userId",
        "type": "string",
        "doc": "To whom it was shown."
      },
      {
        "name": "servedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the slate was chosen, in milliseconds since the epoch."
      },
      {
        "name": "size",
        "type": "int",
        "doc": "Number of slots that were asked for."
      },
      {
        "name": "itemIds",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "The candidates, one for each row of the features."
      },
      {
        "name": "featureNames",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Names of the features, in the order of the columns."
      },
      {
        "name": "features",
        "type": "bytes",
        "doc": "The features exactly as the policy used them: little-endian numbers of featureBytes each, a row after the other."
      },
      {
        "name": "rewardOffsets",
        "type": {
          "type": "array",
          "items": "long"
        },
        "doc": "By partition of rewards, the offset of the last message that the posterior includes; −1 for none."
      },
      {
        "name": "featureBytes",
        "type": "int",
        "doc": "Bytes of one feature: 2 for float16 (IEEE 754 binary16), 8 for float64.",
        "default": 8
      },
      {
        "name": "kinds",
        "type": {
          "type": "array",
          "items": "int"
        },
        "doc": "Kind of each candidate, of which a slate shows few; −1 for none. Empty where kinds are not limited.",
        "default": []
      },
      {
        "name": "terms",
        "type": {
          "type": "array",
          "items": {
            "type": "array",
            "items": "int"
          }
        },
        "doc": "Numbers of the categories and attributes of each candidate, ascending, by which items are told to be alike. Empty where that is not limited.",
        "default": []
      }
    ]
  },
  DeadLetter: {
    "type": "record",
    "name": "DeadLetter",
    "namespace": "io.tributary",
    "doc": "A message that a stage could not decode or handle, with the reason. Topic dead-letters, key source topic.",
    "fields": [
      {
        "name": "sourceTopic",
        "type": "string",
        "doc": "Topic of the message, without the namespace."
      },
      {
        "name": "partition",
        "type": "int",
        "doc": "Partition of the message."
      },
      {
        "name": "offset",
        "type": "long",
        "doc": "Offset of the message."
      },
      {
        "name": "key",
        "type": [
          "null",
          "bytes"
        ],
        "doc": "Key of the message; null if it had none.",
        "default": null
      },
      {
        "name": "value",
        "type": [
          "null",
          "bytes"
        ],
        "doc": "Value of the message; null for a tombstone.",
        "default": null
      },
      {
        "name": "headers",
        "type": {
          "type": "map",
          "values": "bytes"
        },
        "doc": "Headers of the message.",
        "default": {}
      },
      {
        "name": "stage",
        "type": "string",
        "doc": "The stage that rejected the message."
      },
      {
        "name": "code",
        "type": "string",
        "doc": "Error code, from the one list of codes."
      },
      {
        "name": "reason",
        "type": "string",
        "doc": "The reason in words."
      },
      {
        "name": "failedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the message was rejected, in milliseconds since the epoch."
      },
      {
        "name": "messageBytes",
        "type": [
          "null",
          "long"
        ],
        "doc": "Bytes of the key, value and headers of the message if the letter holds only the beginnings of them; null if it holds them complete.",
        "default": null
      }
    ]
  },
  Experiment: {
    "type": "record",
    "name": "Experiment",
    "namespace": "io.tributary",
    "doc": "An experiment that divides the users among ways to choose slates. Topic experiments, key name. The newest state of a name counts.",
    "fields": [
      {
        "name": "name",
        "type": "string",
        "doc": "Identifies the experiment, and seeds the division of the users: lower-case letters, digits and hyphens."
      },
      {
        "name": "state",
        "type": {
          "type": "enum",
          "name": "ExperimentState",
          "namespace": "io.tributary",
          "doc": "running: users are divided among the arms. stopped: nobody is in it. promoted: one arm serves all users.",
          "symbols": [
            "running",
            "stopped",
            "promoted"
          ],
          "default": "stopped"
        },
        "doc": "What holds from updatedAt on."
      },
      {
        "name": "arms",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ExperimentArm",
            "namespace": "io.tributary",
            "doc": "One way to choose slates.",
            "fields": [
              {
                "name": "name",
                "type": "string",
                "doc": "Lower-case letters, digits and hyphens."
              },
              {
                "name": "share",
                "type": "double",
                "doc": "Share of the users, relative to the other arms; positive."
              },
              {
                "name": "policy",
                "type": "string",
                "doc": "Name of the bandit policy, with the settings that rerank has for it; empty for the policy that rerank is set to."
              }
            ]
          }
        },
        "doc": "At least two; the first one is the control that the others are compared with."
      },
      {
        "name": "promoted",
        "type": [
          "null",
          "string"
        ],
        "doc": "The arm that serves all users; null unless the state is promoted.",
        "default": null
      },
      {
        "name": "startedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the users were divided, in milliseconds since the epoch."
      },
      {
        "name": "updatedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the state was declared."
      },
      {
        "name": "learning",
        "type": {
          "type": "enum",
          "name": "ExperimentLearning",
          "namespace": "io.tributary",
          "doc": "shared: the rewards of all arms teach all of them. apart: each arm learns from its own rewards, and from those outside of the experiment.",
          "symbols": [
            "shared",
            "apart"
          ],
          "default": "shared"
        },
        "doc": "Whether arms share what is learned.",
        "default": "shared"
      }
    ]
  },
  Item: {
    "type": "record",
    "name": "Item",
    "namespace": "io.tributary",
    "doc": "An item of the catalogue, complete at each change. Topic items, key itemId; a tombstone deletes the item for ever.",
    "fields": [
      {
        "name": "itemId",
        "type": "string",
        "doc": "Identifies the item. At most 256 bytes."
      },
      {
        "name": "title",
        "type": "string",
        "doc": "Title for people; shown in slates and interests."
      },
      {
        "name": "text",
        "type": "string",
        "doc": "Free text in any language; may be empty.",
        "default": ""
      },
      {
        "name": "categories",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Categories from broad to narrow.",
        "default": []
      },
      {
        "name": "attributes",
        "type": {
          "type": "map",
          "values": "string"
        },
        "doc": "Named properties such as brand or size.",
        "default": {}
      },
      {
        "name": "vector",
        "type": [
          "null",
          {
            "type": "array",
            "items": "float"
          }
        ],
        "doc": "An embedding supplied by the app (for example of the image), of the same length for all items; null if there is none.",
        "default": null
      },
      {
        "name": "availability",
        "type": {
          "type": "enum",
          "name": "Availability",
          "doc": "Whether the item may be recommended.",
          "symbols": [
            "available",
            "unavailable"
          ],
          "default": "available"
        },
        "doc": "An unavailable item remains in the catalogue but is not found in the served index.",
        "default": "available"
      },
      {
        "name": "updatedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the app last changed the item, in milliseconds since the epoch."
      }
    ]
  },
  ItemEmbedding: {
    "type": "record",
    "name": "ItemEmbedding",
    "namespace": "io.tributary",
    "doc": "The vector of an item in one generation. Topic embeddings, key generation/itemId; a tombstone deletes the vector.",
    "fields": [
      {
        "name": "generation",
        "type": "string",
        "doc": "The generation to whose space the vector belongs."
      },
      {
        "name": "itemId",
        "type": "string",
        "doc": "The item."
      },
      {
        "name": "vector",
        "type": "bytes",
        "doc": "Little-endian float32 components, centred and of unit length."
      },
      {
        "name": "origin",
        "type": {
          "type": "enum",
          "name": "EmbeddingOrigin",
          "symbols": [
            "trained",
            "inductive"
          ],
          "doc": "How the vector was computed.",
          "default": "trained"
        },
        "doc": "Whether the item was in the training or is new. Either vector may have been computed again after the training.",
        "default": "trained"
      },
      {
        "name": "basis",
        "type": [
          "null",
          {
            "type": "record",
            "name": "EmbeddingBasis",
            "doc": "The input from which a vector was computed, to detect that the vector is out of date.",
            "fields": [
              {
                "name": "content",
                "type": "long",
                "doc": "53-bit hash of the item's content; 0 if the content was unknown."
              },
              {
                "name": "degree",
                "type": "int",
                "doc": "Number of the item's contexts."
              }
            ]
          }
        ],
        "doc": "The input of the vector; null if it is unknown.",
        "default": null
      }
    ]
  },
  Latent: {
    "type": "record",
    "name": "Latent",
    "namespace": "io.tributary",
    "doc": "A message of an inference by workers that embeds all items of a generation, layer by layer; each worker owns some partitions. Topic inference, key the first itemId. An item's home is the partition of its id; a latent is copied to each partition that pools it.",
    "fields": [
      {
        "name": "generation",
        "type": "string",
        "doc": "The generation that is being embedded."
      },
      {
        "name": "kind",
        "type": {
          "type": "enum",
          "name": "LatentKind",
          "symbols": [
            "other",
            "input",
            "start",
            "latent",
            "embedding",
            "end",
            "weights"
          ],
          "doc": "What a message of the inference is. In each partition: input of each of its items, weights, start, then latents and embeddings, then end.",
          "default": "other"
        },
        "doc": "What the message is; other is of a newer version, to be passed over."
      },
      {
        "name": "itemIds",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "The items: one for an input, as many as fit into a message for latents and embeddings, none for the other kinds."
      },
      {
        "name": "layer",
        "type": "int",
        "doc": "Convolution whose neighbourhoods pool the latent, from 0; 0 for the other kinds.",
        "default": 0
      },
      {
        "name": "vectors",
        "type": "bytes",
        "doc": "Little-endian float32, a row an item: the features of an input, the latents ReLU(Q h + q), or the embeddings before they are centred."
      },
      {
        "name": "input",
        "type": [
          "null",
          {
            "type": "record",
            "name": "LatentInput",
            "doc": "Where an item's latents go, and whose it pools.",
            "fields": [
              {
                "name": "neighbours",
                "type": {
                  "type": "array",
                  "items": "string"
                },
                "doc": "Items of the importance neighbourhood, most important first."
              },
              {
                "name": "importances",
                "type": "bytes",
                "doc": "Little-endian float32, one a neighbour: the weights of the pooling, which sum to 1."
              },
              {
                "name": "readers",
                "type": {
                  "type": "array",
                  "items": "int"
                },
                "doc": "Partitions that need the item's latents: its home, and those with an item that has it as a neighbour."
              }
            ]
          }
        ],
        "doc": "Of an input.",
        "default": null
      },
      {
        "name": "start",
        "type": [
          "null",
          {
            "type": "record",
            "name": "InferenceStart",
            "doc": "That the input is complete in every partition, and the model.",
            "fields": [
              {
                "name": "itemCount",
                "type": "long",
                "doc": "Inputs of this partition, to check that none is missing."
              },
              {
                "name": "structure",
                "type": "int",
                "doc": "How many leading features of an input are the item's place in the graph of users."
              },
              {
                "name": "weights",
                "type": "bytes",
                "doc": "The weights of the model, in the format of the artefact pinsage, where they were written before there were parts; else empty."
              },
              {
                "name": "weightParts",
                "type": "int",
                "doc": "Number of messages of kind weights in this partition, whose bytes are the weights of the model in the format of the artefact pinsage; 0 where `weights` holds them.",
                "default": 0
              }
            ]
          }
        ],
        "doc": "Of a start.",
        "default": null
      },
      {
        "name": "part",
        "type": [
          "null",
          {
            "type": "record",
            "name": "WeightsPart",
            "doc": "A part of the bytes of the weights.",
            "fields": [
              {
                "name": "number",
                "type": "int",
                "doc": "Place of the part among all parts, from 0."
              },
              {
                "name": "bytes",
                "type": "bytes",
                "doc": "The bytes of the part, at most 512 KiB."
              }
            ]
          }
        ],
        "doc": "Of weights.",
        "default": null
      }
    ]
  },
  ModelPart: {
    "type": "record",
    "name": "ModelPart",
    "namespace": "io.tributary",
    "doc": "A part of the bytes of a trained artefact. Topic model-parts, key model/generation/part. Only the manifest in the topic models says whether a part counts.",
    "fields": [
      {
        "name": "model",
        "type": "string",
        "doc": "Which artefact, as in its manifest."
      },
      {
        "name": "generation",
        "type": "string",
        "doc": "The generation that the artefact belongs to."
      },
      {
        "name": "part",
        "type": "int",
        "doc": "Place of the part among the parts of the artefact, from 0."
      },
      {
        "name": "bytes",
        "type": "bytes",
        "doc": "The bytes of the part, at most 512 KiB."
      }
    ]
  },
  ModelWeights: {
    "type": "record",
    "name": "ModelWeights",
    "namespace": "io.tributary",
    "doc": "The manifest of a trained artefact, such as the weights of a model. Topic models, key model/generation; a tombstone withdraws the artefact. It is written after all parts of the artefact, which stand in the topic model-parts.",
    "fields": [
      {
        "name": "model",
        "type": "string",
        "doc": "Which artefact: pinsage (the weights of PinSage), pinsage-latents (what new items pool of their neighbours), …"
      },
      {
        "name": "generation",
        "type": "string",
        "doc": "The generation it belongs to."
      },
      {
        "name": "format",
        "type": "string",
        "doc": "How the bytes are to be read, such as tributary.pinsage/1."
      },
      {
        "name": "weights",
        "type": "bytes",
        "doc": "The bytes of an artefact that was written before there were parts; empty where parts hold them."
      },
      {
        "name": "card",
        "type": "string",
        "doc": "JSON that a reader of the bytes needs beside them: shapes, configuration, seeds; empty when there is none.",
        "default": ""
      },
      {
        "name": "length",
        "type": "long",
        "doc": "Number of bytes that the parts hold together.",
        "default": 0
      },
      {
        "name": "checksum",
        "type": "string",
        "doc": "SHA-256 of these bytes in hexadecimal digits; empty where `weights` holds the bytes.",
        "default": ""
      },
      {
        "name": "parts",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "SHA-256 of the bytes of each part in hexadecimal digits, in the order of the parts.",
        "default": []
      },
      {
        "name": "requires",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ArtefactRequirement",
            "doc": "Something that was made by a training and that an artefact is of no use without.",
            "fields": [
              {
                "name": "model",
                "type": [
                  "null",
                  "string"
                ],
                "doc": "The artefact; null for the embeddings of the generation.",
                "default": null
              },
              {
                "name": "generation",
                "type": "string",
                "doc": "The generation of that artefact, or of the embeddings."
              }
            ]
          }
        },
        "doc": "Other artefacts, and generations of embeddings, that the artefact is of no use without.",
        "default": []
      },
      {
        "name": "trainedUpTo",
        "type": [
          "null",
          {
            "type": "long",
            "logicalType": "timestamp-millis"
          }
        ],
        "doc": "Event time of the newest action that it was trained on, in milliseconds since the epoch; null where that is not known.",
        "default": null
      }
    ]
  },
  Proposal: {
    "type": "record",
    "name": "Proposal",
    "namespace": "io.tributary",
    "doc": "Candidates of one model or of several for one user, replacing the earlier ones of these models. A record of one model may have its candidates in items; every other record has them in candidates and lists, with items and model empty. Topic proposals, key userId; the userId * stands for everybody.",
    "fields": [
      {
        "name": "userId",
        "type": "string",
        "doc": "For whom; * for a list that serves every user, known or not."
      },
      {
        "name": "model",
        "type": "string",
        "doc": "Which model proposes the items: medoid-neighbours, trending, …; empty in a record with lists."
      },
      {
        "name": "generation",
        "type": [
          "null",
          "string"
        ],
        "doc": "Embedding generation of the items; null for a model that needs none, and in a record with lists.",
        "default": null
      },
      {
        "name": "version",
        "type": "long",
        "doc": "Version of the interests that were answered; −1 for a list that depends on no user. An older version never replaces a newer one."
      },
      {
        "name": "receivedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the gateway accepted the newest action reflected here."
      },
      {
        "name": "items",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ProposedItem",
            "namespace": "io.tributary",
            "doc": "One candidate with the features that the re-ranker may use.",
            "fields": [
              {
                "name": "itemId",
                "type": "string",
                "doc": "The candidate."
              },
              {
                "name": "score",
                "type": "double",
                "doc": "The model’s own score; comparable only within the model."
              },
              {
                "name": "because",
                "type": [
                  "null",
                  {
                    "type": "record",
                    "name": "Cause",
                    "namespace": "io.tributary",
                    "doc": "The item of the user that led to a candidate: a medoid or another item of the window.",
                    "fields": [
                      {
                        "name": "itemId",
                        "type": "string",
                        "doc": "The item of the user."
                      },
                      {
                        "name": "type",
                        "type": "string",
                        "doc": "The weightiest action of the user on it, such as buy."
                      },
                      {
                        "name": "importance",
                        "type": "double",
                        "doc": "Its share in the importance of all the user’s medoids, 0 to 1; 0 for an item that is no medoid."
                      },
                      {
                        "name": "lastOccurredAt",
                        "type": {
                          "type": "long",
                          "logicalType": "timestamp-millis"
                        },
                        "doc": "Event time of the newest action in its cluster; 0 for an item that is no medoid."
                      }
                    ]
                  }
                ],
                "doc": "The item of the user that led here; null when none did.",
                "default": null
              },
              {
                "name": "popularity",
                "type": "double",
                "doc": "Decayed count of the item scaled to 0..1 by the most popular one; 0 when unknown.",
                "default": 0
              },
              {
                "name": "explanation",
                "type": "string",
                "doc": "Why this item is shown, where the explanation of the list does not hold for it; empty where it does.",
                "default": ""
              }
            ]
          }
        },
        "doc": "Candidates of the one model, the best first; empty in a record with lists."
      },
      {
        "name": "recent",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Items the user acted on lately, which the slate leaves out.",
        "default": []
      },
      {
        "name": "explanation",
        "type": "string",
        "doc": "Why one of the items is shown, for the user: a text in which {deed} stands for the action on its cause, such as bought, and {cause} for the title. Empty when the model explains nothing.",
        "default": ""
      },
      {
        "name": "candidates",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "The candidates of all lists, each once.",
        "default": []
      },
      {
        "name": "popularity",
        "type": {
          "type": "array",
          "items": "float"
        },
        "doc": "Popularity of each of the candidates, from 0 to 1; empty when no list knows any.",
        "default": []
      },
      {
        "name": "causes",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ListedCause",
            "namespace": "io.tributary",
            "doc": "An item of the user that led to candidates of the lists; the fields are those of Cause.",
            "fields": [
              {
                "name": "itemId",
                "type": "string",
                "doc": "The item of the user."
              },
              {
                "name": "type",
                "type": "string",
                "doc": "The weightiest action of the user on it, such as buy."
              },
              {
                "name": "importance",
                "type": "double",
                "doc": "Its share in the importance of all the user’s medoids, 0 to 1; 0 for an item that is no medoid."
              },
              {
                "name": "lastOccurredAt",
                "type": {
                  "type": "long",
                  "logicalType": "timestamp-millis"
                },
                "doc": "Event time of the newest action in its cluster; 0 for an item that is no medoid."
              }
            ]
          }
        },
        "doc": "The items of the user that led to candidates, each once.",
        "default": []
      },
      {
        "name": "lists",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ModelList",
            "namespace": "io.tributary",
            "doc": "The list of one model, in columns with an entry for each of its candidates.",
            "fields": [
              {
                "name": "model",
                "type": "string",
                "doc": "Which model proposes; no two lists are of one model."
              },
              {
                "name": "generation",
                "type": [
                  "null",
                  "string"
                ],
                "doc": "Embedding generation searched in; null for a model that needs none.",
                "default": null
              },
              {
                "name": "explanation",
                "type": "string",
                "doc": "Why an item of the list is shown, as in a record of one model.",
                "default": ""
              },
              {
                "name": "places",
                "type": {
                  "type": "array",
                  "items": "int"
                },
                "doc": "Positions in candidates, the best first."
              },
              {
                "name": "scores",
                "type": {
                  "type": "array",
                  "items": "float"
                },
                "doc": "The model’s own score of each; comparable only within the model."
              },
              {
                "name": "causes",
                "type": {
                  "type": "array",
                  "items": "int"
                },
                "doc": "Position in the causes of the record for each, −1 for none; empty when no cause led to any.",
                "default": []
              },
              {
                "name": "explanations",
                "type": {
                  "type": "array",
                  "items": "string"
                },
                "doc": "Explanations that hold for some of the items instead of that of the list.",
                "default": []
              },
              {
                "name": "reasons",
                "type": {
                  "type": "array",
                  "items": "int"
                },
                "doc": "Position in explanations for each, −1 for the explanation of the list; empty when that holds for all.",
                "default": []
              }
            ]
          }
        },
        "doc": "The lists, one a model.",
        "default": []
      },
      {
        "name": "interestsOffset",
        "type": "long",
        "doc": "Offset in the topic interests of the record that was answered; −1 if it is not known, and for a list that depends on no user. Of two answers to one version of the interests, that to the later record counts.",
        "default": -1
      },
      {
        "name": "interestsAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "Kafka’s timestamp of that record, which tells whether the topic interests was made anew in between; 0 if it is not known.",
        "default": 0
      }
    ]
  },
  Release: {
    "type": "record",
    "name": "Release",
    "namespace": "io.tributary",
    "doc": "The state of one generation of embeddings. Topic releases, key generation; readers flip vectors, α and index together on the active one.",
    "fields": [
      {
        "name": "generation",
        "type": "string",
        "doc": "Identifies the generation; sorts by time of training."
      },
      {
        "name": "state",
        "type": {
          "type": "enum",
          "name": "ReleaseState",
          "symbols": [
            "building",
            "ready",
            "active",
            "retired",
            "rejected"
          ],
          "doc": "building: being published; ready: complete and past its gate; active: served; retired: no longer served; rejected: failed its gate, never served.",
          "default": "building"
        },
        "doc": "State of the generation."
      },
      {
        "name": "dimension",
        "type": "int",
        "doc": "Length of the vectors."
      },
      {
        "name": "alpha",
        "type": "double",
        "doc": "Cut height for Ward clustering in this space: √(2ab/(a+b))·‖c₁−c₂‖ on unit vectors."
      },
      {
        "name": "itemCount",
        "type": "int",
        "doc": "Number of trained embeddings that make the generation complete."
      },
      {
        "name": "actionCount",
        "type": "long",
        "doc": "Number of actions in the training."
      },
      {
        "name": "createdAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When training began, in milliseconds since the epoch."
      },
      {
        "name": "updatedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When this state was reached, in milliseconds since the epoch."
      },
      {
        "name": "metrics",
        "type": {
          "type": "map",
          "values": "double"
        },
        "doc": "Offline metrics that the gate compared.",
        "default": {}
      },
      {
        "name": "modelCard",
        "type": "string",
        "doc": "JSON: data range, sizes, seeds, metrics, α sweep, code version; empty if there is none.",
        "default": ""
      },
      {
        "name": "reason",
        "type": [
          "null",
          "string"
        ],
        "doc": "Why the generation was rejected or retired; null otherwise.",
        "default": null
      },
      {
        "name": "follows",
        "type": [
          "null",
          {
            "type": "long",
            "logicalType": "timestamp-millis"
          }
        ],
        "doc": "The updatedAt of the declaration by which the present life of the generation began, in milliseconds since the epoch; readers ignore a declaration whose predecessor was replaced meanwhile. null begins a new life.",
        "default": null
      }
    ]
  },
  Reward: {
    "type": "record",
    "name": "Reward",
    "namespace": "io.tributary",
    "doc": "What one shown item earned, written once when nothing can change it any more. Topic rewards, key userId.",
    "fields": [
      {
        "name": "rewardId",
        "type": "string",
        "doc": "slateId/slot: derived from its inputs, so that a repeat is the same reward."
      },
      {
        "name": "sequence",
        "type": "long",
        "doc": "Grows by one with each reward of a partition; a reader drops what does not exceed the last one it took."
      },
      {
        "name": "slateId",
        "type": "string",
        "doc": "The slate it belongs to."
      },
      {
        "name": "userId",
        "type": "string",
        "doc": "Who saw it."
      },
      {
        "name": "itemId",
        "type": "string",
        "doc": "The item shown."
      },
      {
        "name": "slot",
        "type": "int",
        "doc": "Its place, 0 on top."
      },
      {
        "name": "reward",
        "type": "double",
        "doc": "The weighted sum of the outcomes of the objectives; 0 when there was no action that counts."
      },
      {
        "name": "actionType",
        "type": [
          "null",
          "string"
        ],
        "doc": "The action that earned it; null for a zero.",
        "default": null
      },
      {
        "name": "delay",
        "type": [
          "null",
          "long"
        ],
        "doc": "Milliseconds from serving to that action; null for a zero.",
        "default": null
      },
      {
        "name": "features",
        "type": {
          "type": "array",
          "items": "double"
        },
        "doc": "The features as the policy used them, then the context of the slate."
      },
      {
        "name": "featureNames",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Names of the features and of the context, copied from the slate. An empty list stands for version 1.",
        "default": []
      },
      {
        "name": "propensity",
        "type": "double",
        "doc": "Probability, in (0, 1], that the policy showed it there."
      },
      {
        "name": "servedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the slate was served, in milliseconds since the epoch."
      },
      {
        "name": "exposure",
        "type": {
          "type": "enum",
          "name": "Exposure",
          "namespace": "io.tributary",
          "doc": "What is known of whether the user saw a slot.",
          "symbols": [
            "assumed",
            "seen",
            "unseen",
            "unknown"
          ],
          "default": "assumed"
        },
        "doc": "seen: the app reported an impression of the slot or an action on it. unseen: it reported impressions of other slots alone. assumed: it reports no impressions, and the user reacted to the slate. unknown: nothing shows that anybody looked at the slate. Only seen and assumed teach.",
        "default": "assumed"
      },
      {
        "name": "outcomes",
        "type": {
          "type": "map",
          "values": "double"
        },
        "doc": "Outcome of each objective, by its name; objectives whose outcome is 0 are left out.",
        "default": {}
      },
      {
        "name": "slots",
        "type": "int",
        "doc": "Number of slots of the slate, whose rewards follow one another in the log; 0 if it is not known.",
        "default": 0
      },
      {
        "name": "learner",
        "type": "string",
        "doc": "Experiment and arm whose learning is apart, copied from the slate; empty where learning is shared.",
        "default": ""
      }
    ]
  },
  Slate: {
    "type": "record",
    "name": "Slate",
    "namespace": "io.tributary",
    "doc": "What was shown to a user, and how it was chosen: everything that learning and off-policy evaluation need. Topic slates, key userId.",
    "fields": [
      {
        "name": "slateId",
        "type": "string",
        "doc": "Identifies the slate for ever."
      },
      {
        "name": "userId",
        "type": "string",
        "doc": "To whom it was shown."
      },
      {
        "name": "servedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When it was chosen, in milliseconds since the epoch; the attribution window starts here."
      },
      {
        "name": "policy",
        "type": "string",
        "doc": "The policy that chose, with its settings, such as thompson(draws=64)."
      },
      {
        "name": "observations",
        "type": "long",
        "doc": "Number of rewards in the posterior that chose."
      },
      {
        "name": "generation",
        "type": [
          "null",
          "string"
        ],
        "doc": "Embedding generation of the candidates; null when none was involved.",
        "default": null
      },
      {
        "name": "interestsVersion",
        "type": "long",
        "doc": "Newest version of the interests reflected; −1 for an unknown user."
      },
      {
        "name": "experiment",
        "type": [
          "null",
          "string"
        ],
        "doc": "Experiment arm; null outside an experiment.",
        "default": null
      },
      {
        "name": "featureNames",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Names of the features, in their order in each slot. An empty list stands for version 1.",
        "default": []
      },
      {
        "name": "slots",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Slot",
            "namespace": "io.tributary",
            "doc": "One place of the slate.",
            "fields": [
              {
                "name": "itemId",
                "type": "string",
                "doc": "The item shown."
              },
              {
                "name": "models",
                "type": {
                  "type": "array",
                  "items": "string"
                },
                "doc": "The models that proposed it."
              },
              {
                "name": "because",
                "type": [
                  "null",
                  {
                    "type": "record",
                    "name": "Cause",
                    "namespace": "io.tributary",
                    "doc": "The item of the user that led to a candidate: a medoid or another item of the window.",
                    "fields": [
                      {
                        "name": "itemId",
                        "type": "string",
                        "doc": "The item of the user."
                      },
                      {
                        "name": "type",
                        "type": "string",
                        "doc": "The weightiest action of the user on it, such as buy."
                      },
                      {
                        "name": "importance",
                        "type": "double",
                        "doc": "Its share in the importance of all the user’s medoids, 0 to 1; 0 for an item that is no medoid."
                      },
                      {
                        "name": "lastOccurredAt",
                        "type": {
                          "type": "long",
                          "logicalType": "timestamp-millis"
                        },
                        "doc": "Event time of the newest action in its cluster; 0 for an item that is no medoid."
                      }
                    ]
                  }
                ],
                "doc": "The medoid that led here; null when no item did.",
                "default": null
              },
              {
                "name": "features",
                "type": {
                  "type": "array",
                  "items": "double"
                },
                "doc": "The features exactly as the policy used them, one for each of featureNames."
              },
              {
                "name": "score",
                "type": "double",
                "doc": "The score that the policy gave the item; Thompson sampling draws it."
              },
              {
                "name": "propensity",
                "type": "double",
                "doc": "Marginal probability, in (0, 1], that the policy would show this item in this place, over all items in the places above."
              },
              {
                "name": "explanation",
                "type": "string",
                "doc": "The explanation of the proposal that the item is explained by; see Proposal.",
                "default": ""
              },
              {
                "name": "conditional",
                "type": "double",
                "doc": "Probability, in (0, 1], that the policy shows the item in this place given the items in the places above; 0 if it is not known.",
                "default": 0
              },
              {
                "name": "inclusion",
                "type": "double",
                "doc": "Probability, in (0, 1], that the policy shows the item in any place; 0 if it is not known.",
                "default": 0
              }
            ]
          }
        },
        "doc": "The places, the first on top."
      },
      {
        "name": "contextNames",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Names of the numbers that describe the request, in their order in context.",
        "default": []
      },
      {
        "name": "context",
        "type": {
          "type": "array",
          "items": "double"
        },
        "doc": "What the policy knew of the request and of the user, one number for each of contextNames.",
        "default": []
      },
      {
        "name": "policyId",
        "type": "string",
        "doc": "Digest of the policy, all its settings, the rules and the feature names: equal ids choose alike from equal posteriors. Empty if it is not known.",
        "default": ""
      },
      {
        "name": "posteriorId",
        "type": "string",
        "doc": "Digest of the offsets in rewards up to which each partition is in the posterior. Empty if it is not known.",
        "default": ""
      },
      {
        "name": "seed",
        "type": "string",
        "doc": "Seed of the random source that chose; empty where it is the slateId.",
        "default": ""
      },
      {
        "name": "draws",
        "type": "int",
        "doc": "Number of draws from the posterior; 0 if the policy draws none.",
        "default": 0
      },
      {
        "name": "epsilon",
        "type": "double",
        "doc": "Probability with which each place is filled from all candidates alike, 0 to 1.",
        "default": 0
      },
      {
        "name": "propensity",
        "type": "double",
        "doc": "Probability, in (0, 1], of the slate as a whole; 0 if it is not known.",
        "default": 0
      },
      {
        "name": "candidateCount",
        "type": "int",
        "doc": "Number of candidates from which the policy chose; 0 if it is not known.",
        "default": 0
      },
      {
        "name": "candidateDigest",
        "type": "string",
        "doc": "Digest of the ids of the candidates, in the order of their rows; empty if it is not known.",
        "default": ""
      },
      {
        "name": "learner",
        "type": "string",
        "doc": "Experiment and arm whose learning is apart: the posterior that chose lacks the rewards of the other arms, and the rewards of the slate are kept for it. Empty where learning is shared.",
        "default": ""
      }
    ]
  },
  UserAction: {
    "type": "record",
    "name": "UserAction",
    "namespace": "io.tributary",
    "doc": "An action of a user on an item, as accepted by the gateway. Topic actions, key userId.",
    "fields": [
      {
        "name": "eventId",
        "type": "string",
        "doc": "Identifies the event for ever; a second event with the same id in a window is a duplicate. At most 256 bytes."
      },
      {
        "name": "userId",
        "type": "string",
        "doc": "The user who acted. At most 256 bytes."
      },
      {
        "name": "itemId",
        "type": "string",
        "doc": "The item acted on; it need not be in the catalogue yet. At most 256 bytes."
      },
      {
        "name": "type",
        "type": {
          "type": "enum",
          "name": "ActionType",
          "doc": "The kinds of action; weights per type are configuration of each stage.",
          "symbols": [
            "view",
            "click",
            "save",
            "share",
            "message",
            "buy",
            "rate",
            "hide",
            "return",
            "impression"
          ],
          "default": "view"
        },
        "doc": "The kind of action."
      },
      {
        "name": "occurredAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "Event time in milliseconds since the epoch: when the user acted. Windows order by it."
      },
      {
        "name": "receivedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the gateway accepted the event, in milliseconds since the epoch; used to measure freshness, never to order."
      },
      {
        "name": "contextId",
        "type": [
          "null",
          "string"
        ],
        "doc": "The basket, board, list or session of the action; null if there is none.",
        "default": null
      },
      {
        "name": "value",
        "type": [
          "null",
          "double"
        ],
        "doc": "A magnitude from the app: quantity, price or stars; null if there is none.",
        "default": null
      },
      {
        "name": "slateId",
        "type": [
          "null",
          "string"
        ],
        "doc": "The slate that the action answers, as the recommendations named it; null if the app does not know it. At most 256 bytes.",
        "default": null
      },
      {
        "name": "slot",
        "type": [
          "null",
          "int"
        ],
        "doc": "The place of the item in that slate, 0 on top; null if the app does not know it.",
        "default": null
      }
    ]
  },
  UserInterests: {
    "type": "record",
    "name": "UserInterests",
    "namespace": "io.tributary",
    "doc": "A user's interests after an action: PinnerSage medoids with importance, and the recent tail of the window. Topic interests, key userId.",
    "fields": [
      {
        "name": "userId",
        "type": "string",
        "doc": "The user with these interests."
      },
      {
        "name": "version",
        "type": "long",
        "doc": "Offset in actions of the newest action included: a larger version of the same user is newer."
      },
      {
        "name": "generation",
        "type": [
          "null",
          "string"
        ],
        "doc": "Embedding generation in which the medoids were clustered; null before the first release is active.",
        "default": null
      },
      {
        "name": "streamTime",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "The partition's stream time when the action was applied: the newest event time seen, in milliseconds since the epoch."
      },
      {
        "name": "receivedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-millis"
        },
        "doc": "When the gateway accepted the newest action included; kept so that freshness can be measured end to end."
      },
      {
        "name": "medoids",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Medoid",
            "namespace": "io.tributary",
            "doc": "The representative of one cluster of the window.",
            "fields": [
              {
                "name": "itemId",
                "type": "string",
                "doc": "The item whose vector represents the cluster."
              },
              {
                "name": "type",
                "type": "string",
                "doc": "Type of the user's action on that item with the largest weight, such as buy; slates use it in their reasons."
              },
              {
                "name": "importance",
                "type": "double",
                "doc": "Sum over the cluster of weight · exp(−λ · age in days)."
              },
              {
                "name": "size",
                "type": "int",
                "doc": "Number of actions in the cluster."
              },
              {
                "name": "lastOccurredAt",
                "type": {
                  "type": "long",
                  "logicalType": "timestamp-millis"
                },
                "doc": "Event time of the newest action in the cluster."
              }
            ]
          }
        },
        "doc": "Medoids, the most important first."
      },
      {
        "name": "recent",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Distinct items of the window, the newest first, bounded by configuration; slates leave them out."
      },
      {
        "name": "windowSize",
        "type": "int",
        "doc": "Number of actions in the window."
      },
      {
        "name": "unknownItems",
        "type": "int",
        "doc": "Distinct items of the window that have no vector in this generation yet.",
        "default": 0
      },
      {
        "name": "types",
        "type": {
          "type": "array",
          "items": "string"
        },
        "doc": "Types of the user’s actions on the recent items, each once, such as buy.",
        "default": []
      },
      {
        "name": "recentTypes",
        "type": {
          "type": "array",
          "items": "int"
        },
        "doc": "Position in types of the weightiest action on each of the recent items; empty when that is the first of types for all.",
        "default": []
      },
      {
        "name": "repeats",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Repeat",
            "namespace": "io.tributary",
            "doc": "Purchases of one item on several days.",
            "fields": [
              {
                "name": "place",
                "type": "int",
                "doc": "Position of the item in recent."
              },
              {
                "name": "times",
                "type": "int",
                "doc": "Days of the window on which it was bought, at least 2."
              },
              {
                "name": "span",
                "type": "int",
                "doc": "Minutes from the first of these purchases to the last, above 0."
              },
              {
                "name": "idle",
                "type": "int",
                "doc": "Minutes from the last purchase to the stream time, at least 0."
              }
            ]
          }
        },
        "doc": "Recent items that the user bought on several days.",
        "default": []
      }
    ]
  },
};
