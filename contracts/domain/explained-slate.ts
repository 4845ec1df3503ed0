import type { Slate } from '../generated/records.ts';

/** Why an item is in its place. */
export interface SlotExplanation {
  /** The models that proposed it, each with the item's place in its list, 0 on top. */
  readonly proposers: ReadonlyArray<{ readonly model: string; readonly rank: number }>;
  /** The item of the user that led to it; null if none did. */
  readonly medoid: string | null;
  readonly features: Readonly<Record<string, number>>;
  /** The part of each feature in the expected score: its value times the mean of its weight. */
  readonly contributions: Readonly<Record<string, number>>;
  readonly propensity: number;
  readonly conditional: number;
  /** Names of the rules that moved it: pinned, cold, boosted, and limits that held back candidates of higher expected scores. */
  readonly rules: readonly string[];
}

/** Why a slate is as it is. */
export interface SlateExplanation {
  readonly slots: readonly SlotExplanation[];
  /** Number of candidates that each model gave. */
  readonly given: Readonly<Record<string, number>>;
  /** Number of shown items that each model proposed. */
  readonly proposed: Readonly<Record<string, number>>;
  /** Number of candidates that each rule removed. */
  readonly removed: Readonly<Record<string, number>>;
  /** Categories and attributes of the filter and of the rules that are set which no item of the catalogue has; absent without such. */
  readonly unknown?: readonly string[];
  /** The feature by which the policy orders, where no candidate has it, so that expected rewards ordered the slate. */
  readonly missingColumn?: string;
}

/** A slate as rerank answers it, with reasons where they are asked for; the log has the slate alone. */
export interface ExplainedSlate extends Slate {
  readonly explain?: SlateExplanation;
}
