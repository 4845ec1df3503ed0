/** What a stage keeps outside the log, and how it is compared with the log. */

/** The position in the log that a stage's state includes, stored with that state. */
export interface Head {
  /** Offset of the last message that is included; one less than the first offset of the log if none is. */
  readonly offset: number;
  /** The id that the cluster gave to the topic; undefined if it was not known when the head was written. */
  readonly topicId: string | undefined;
  /**
   * Random text, written when the state of the partition begins, is cleared, or is continued from an older copy. It tells the
   * state from a copy that is restored later. Undefined in state of versions that did not write it.
   */
  readonly incarnation: string | undefined;
}

/** What is written of a head; what is undefined stays as it is. */
export type HeadChange = { readonly [K in keyof Head]: Head[K] | undefined } & {
  /**
   * Incarnation that the state must have, if not the new one already; null for none. A copy may be restored between the
   * comparison and this write. Any if left out.
   */
  readonly replaces?: string | null | undefined;
};

/** @throws StateLost if the change is not meant for a state of the incarnation */
export function requireReplaceable(held: string | undefined, { replaces, incarnation }: HeadChange): void {
  if (replaces === undefined || held === incarnation || (held ?? null) === replaces) return;
  throw new StateReplaced(-1);
}

/**
 * The head after a change, as every store writes it; undefined if it has no offset yet.
 * @throws StateLost if the change replaces another state
 */
export function changedHead(head: Head | undefined, change: HeadChange): Head | undefined {
  requireReplaceable(head?.incarnation, change);
  const offset = change.offset ?? head?.offset;
  if (offset === undefined) return undefined;
  const { topicId = head?.topicId, incarnation = head?.incarnation } = change;
  return { offset, topicId, incarnation };
}

/** What a process knows of the state that it continues. */
export type KnownHead = Pick<Head, 'offset' | 'incarnation'>;

/**
 * The state of a stage as a function of the log: whatever of it is lost can be made again by reading. Each partition
 * has a head for each topic, which advances only after all that it includes was written.
 */
export interface HeldState {
  /** @returns undefined if the state holds nothing of the partition. Its incarnation is that of the partition, for all topics. */
  readHead(topic: string, partition: number): Promise<Head | undefined>;
  /** Writes the head whatever its offset was. @throws StateLost if the change replaces another state */
  writeHead(topic: string, partition: number, head: HeadChange): Promise<void>;
  /** Deletes all state of the partition, the heads of all topics first, so that an interrupted deletion is noticed. */
  clear(partition: number): Promise<void>;
  /** Whether state that is older than what was handled is cleared too, because a part of it cannot be continued. */
  readonly isAllOrNothing?: boolean;
  /** Forgets what is in memory of all partitions. Batches that are being handled may keep it to their end. */
  forget(): void;
  /** Called after each comparison with the log, and after `forget`, with the incarnation that the state has now. */
  continueWith?(partition: number, incarnation: string): void;
}

/** A handler throws it when the state lacks messages that it included before. The consumer reads them again. */
export class StateLost extends Error {
  constructor(held: number | undefined, expected: number) {
    const found = held === undefined ? 'less' : `the offsets up to ${held}`;
    super(`the state should include the offsets up to ${expected}, but includes ${found}`);
    this.name = 'StateLost';
  }
}

/** The state is another one than the one that this process continues, for example a copy that was restored. */
export class StateReplaced extends StateLost {
  constructor(offset: number) {
    super(undefined, offset);
    this.message = `the state that included the offsets up to ${offset} is gone, or a copy has replaced it`;
  }
}

/**
 * Another process advances the state of the partition again and again, because the group has moved the partition and its former owner still handles a
 * batch. If the former owner throws this, its batch is dropped; if the new owner does, its batch is read again.
 */
export class StateContended extends StateLost {
  constructor(partition: number, attempts: number) {
    super(undefined, -1);
    this.name = 'StateContended';
    this.message = `another process changed the state of partition ${partition} during each of ${attempts} attempts to advance it`;
  }
}

/** @throws StateLost if the head is not of the known incarnation, or includes less than what is known of it */
export function requireHead(head: KnownHead | undefined, known: KnownHead): void {
  if (head === undefined || head.offset < known.offset) throw new StateLost(head?.offset, known.offset);
  requireIncarnation(head, known.incarnation);
}

/** @throws StateLost unless the head is of the incarnation; undefined accepts any */
export function requireIncarnation(head: KnownHead | undefined, incarnation: string | undefined): void {
  if (incarnation !== undefined && head?.incarnation !== incarnation)
    throw new StateReplaced(head?.offset ?? -1);
}

/** @throws StateLost if the state is of another incarnation than a batch, or lacks messages before its first offset */
export function requireContinuity(
  head: KnownHead | undefined,
  {
    readFrom,
    incarnation,
  }: { readonly readFrom?: number | undefined; readonly incarnation?: string | undefined },
): void {
  const held = head?.offset ?? -1;
  if (readFrom !== undefined && held < readFrom - 1) throw new StateLost(held, readFrom - 1);
  requireIncarnation(head, incarnation);
}

/** What is known of one topic of a partition at an assignment. */
export interface TopicFacts {
  readonly head: Head | undefined;
  readonly topicId: string | undefined;
  /** Offset that the group has committed; undefined if none. */
  readonly committed: number | undefined;
  /** Offset up to which this process has handled the partition; undefined if it has not. */
  readonly handled?: number | undefined;
  /** Incarnation of the state that this process has continued; undefined if it has not. */
  readonly known?: string | undefined;
  /** First offset in the log, and the offset after the last. */
  readonly low: number;
  readonly high: number;
}

/** Why state has to be made again. */
export type LossCause = 'state-missing' | 'state-older' | 'state-replaced' | 'topic-anew' | 'log-shorter';

/**
 * - continue: the state fits the log; `position` is the next offset to read
 * - resume: the state lacks messages that were handled; `position` is the first of them
 * - rebuild: the state is cleared, and the log read from its beginning
 */
export type HeadVerdict =
  | { readonly kind: 'continue' | 'resume'; readonly position: number }
  | { readonly kind: 'rebuild'; readonly cause: LossCause };

/** Compares the state of a partition with the log. */
export function compareWithLog(facts: TopicFacts): HeadVerdict {
  const { head, topicId, committed, handled, known, low, high } = facts;
  const done = Math.max(committed ?? 0, handled ?? 0);
  if (head === undefined) {
    return done <= low ? { kind: 'continue', position: low } : { kind: 'rebuild', cause: 'state-missing' };
  }
  if (head.topicId !== undefined && topicId !== undefined && head.topicId !== topicId)
    return { kind: 'rebuild', cause: 'topic-anew' };
  if (known !== undefined && head.incarnation !== known) return { kind: 'rebuild', cause: 'state-replaced' };
  if (head.offset >= high) return { kind: 'rebuild', cause: 'log-shorter' };
  // The commit may be behind the head: then the dead letters of the last batch may not have been sent.
  const next = Math.min(head.offset + 1, committed ?? head.offset + 1);
  return { kind: head.offset + 1 < done ? 'resume' : 'continue', position: Math.max(next, low) };
}
