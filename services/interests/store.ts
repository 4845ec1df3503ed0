import type { Head, HeadChange, KnownHead } from '#platform/kafka/held-state.ts';

/** A user's record, in bytes. */
export interface UserRecord {
  /** That of the newest action included. */
  readonly offset: number;
  /** The window at some earlier time, as `encodeWindow` returns it. */
  readonly base: Uint8Array;
  /** The changes of the window since, one after the other, as `encodeDelta` returns them. */
  readonly deltas: Uint8Array;
  /** As `encodeDerived` returns it. */
  readonly derived: Uint8Array;
}

/** What is derived from a window. */
export interface DerivedBytes {
  readonly derived: Uint8Array;
  /** The interests as they are in the topic. */
  readonly interests: Buffer;
}

/** A change of one user's record. */
export interface RecordWrite extends DerivedBytes {
  readonly userId: string;
  /** That of the newest action included. */
  readonly offset: number;
  /** The whole window; or its change since the record was at the offset `after`. */
  readonly window: { readonly base: Uint8Array } | { readonly after: number; readonly delta: Uint8Array };
}

/**
 * - written
 * - included: the record includes that offset already, so that nothing was written
 * - elsewhere: the record is not at the offset after which the window changed, so that nothing was written
 */
export type WriteOutcome = 'written' | 'included' | 'elsewhere';

/** What the records of a partition include. */
export interface InterestsHead extends Head {
  /** Newest event time of the actions of the partition, ms; 0 before the first. */
  readonly streamTime: number;
}

/** The head before and after a write. */
export interface HeadStep {
  /** The head that the writer continues; any if undefined. */
  readonly held?: KnownHead | undefined;
  /** What the head includes when all is written; it stays if undefined. An older offset changes nothing. */
  readonly to?: { readonly offset: number; readonly streamTime: number } | undefined;
}

/** Windows and interests, one record a user; every write is fenced by the offset in `actions`. */
export interface InterestsStore {
  /** The records of users of a partition, in their order; undefined for a user without one. */
  read(partition: number, userIds: readonly string[]): Promise<readonly (UserRecord | undefined)[]>;
  /**
   * The first bytes of what is derived from the windows of users, at least 128 where there are so many: whether a user is up to date is known
   * from them. Undefined for a user without a record.
   */
  peek(partition: number, userIds: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** The interests of a user as they were written; undefined if there are none. */
  readInterests(userId: string): Promise<Buffer | undefined>;
  /**
   * Writes the records of users of a partition, no user twice, and then advances the head, unless the outcome of a record
   * is `elsewhere`.
   * @returns the outcome of each write
   * @throws StateLost if the head includes less than `held`, or is of another incarnation
   */
  write(partition: number, writes: readonly RecordWrite[], head: HeadStep): Promise<readonly WriteOutcome[]>;
  /** Replaces the derived part if the record is at this offset. @returns whether it was written */
  rederive(
    partition: number,
    at: { readonly userId: string; readonly offset: number },
    bytes: DerivedBytes,
  ): Promise<boolean>;
  /** Users of a partition, page by page. */
  users(partition: number): AsyncIterable<string[]>;
  /** @returns undefined if nothing of the partition is held */
  readHead(partition: number): Promise<InterestsHead | undefined>;
  /** Writes the head whatever its offset was. @throws StateLost if the change replaces another state */
  writeHead(partition: number, head: HeadChange): Promise<void>;
  /**
   * Deletes the head, so that the state counts as missing and is built from the log, and then a record that cannot be read, which
   * `clear` would miss if its user is not listed.
   */
  lose(partition: number, userId: string): Promise<void>;
  /** Deletes the head, then the records and the list of the users. */
  clear(partition: number): Promise<void>;
}
