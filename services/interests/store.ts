import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { Head, HeadChange, KnownHead } from '#platform/kafka/held-state.ts';

/** A user's record. `offset` is that of the newest action included; −1 for a user who has no record. */
export interface UserRecord {
  readonly window: ActionWindow;
  readonly interests: UserInterests | undefined;
  /** The clustering of the window in the generation of the interests, encoded; no bytes where there is none. */
  readonly clustering: Uint8Array;
  readonly offset: number;
}

/** The part of a record that is derived from its window. */
export interface DerivedRecord {
  readonly interests: UserInterests;
  readonly clustering: Uint8Array;
}

/** What the records of a partition include. */
export interface InterestsHead extends Head {
  /** Newest event time of the actions of the partition, ms; 0 before the first. */
  readonly streamTime: number;
}

/** Windows and interests, one record a user; every write is fenced by the offset in `actions`. */
export interface InterestsStore {
  read(userId: string): Promise<UserRecord>;
  readInterests(userId: string): Promise<UserInterests | undefined>;
  /**
   * Writes nothing when the record already includes that version.
   * @param held the head of the partition that the writer continues; any if left out
   * @returns whether it was written
   * @throws StateLost if the head includes less, or is of another incarnation
   */
  write(partition: number, window: ActionWindow, derived: DerivedRecord, held?: KnownHead): Promise<boolean>;
  /** Replaces the derived part if the record still has that version. @returns whether it was written */
  rederive(derived: DerivedRecord): Promise<boolean>;
  /** Users of a partition, page by page. */
  users(partition: number): AsyncIterable<string[]>;
  /** @returns undefined if nothing of the partition is held */
  readHead(partition: number): Promise<InterestsHead | undefined>;
  /**
   * Advances the head after all that it includes was written; an older offset changes nothing.
   * @throws StateLost if the head includes less than `held`, or is of another incarnation
   */
  advance(
    partition: number,
    to: { readonly offset: number; readonly streamTime: number },
    held?: KnownHead,
  ): Promise<void>;
  /** Writes the head whatever it was. */
  writeHead(partition: number, head: HeadChange): Promise<void>;
  /** Deletes the head, then the records and the list of the users. */
  clear(partition: number): Promise<void>;
}
