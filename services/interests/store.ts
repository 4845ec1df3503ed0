import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import type { UserInterests } from '#contracts/generated/records.ts';

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

/** Windows and interests, one record a user; every write is fenced by the offset in `actions`. */
export interface InterestsStore {
  read(userId: string): Promise<UserRecord>;
  readInterests(userId: string): Promise<UserInterests | undefined>;
  /** Writes nothing when the record already includes that version. @returns whether it was written */
  write(partition: number, window: ActionWindow, derived: DerivedRecord): Promise<boolean>;
  /** Replaces the derived part if the record still has that version. @returns whether it was written */
  rederive(derived: DerivedRecord): Promise<boolean>;
  /** Users of a partition, page by page. */
  users(partition: number): AsyncIterable<string[]>;
  /** Newest event time of the actions of a partition, ms; 0 before the first. */
  readStreamTime(partition: number): Promise<number>;
  writeStreamTime(partition: number, offset: number, streamTime: number): Promise<void>;
}
