import type { ListColumns } from '#contracts/domain/proposed-lists.ts';

/** Maximum number of models in a pool: the features of a slate, and the statistics, grow with them. */
export const MAX_MODELS = 32;

/** What decides whether the list of a model replaces another one of the same user and model. */
export interface ListVersion {
  /** Offset of its record in its partition of `proposals`. */
  readonly offset: number;
  readonly proposal: Pick<
    ListColumns,
    'userId' | 'model' | 'version' | 'receivedAt' | 'interestsOffset' | 'interestsAt'
  >;
}

/** The list of a model with the offset of its record. */
export interface HeldProposal extends ListVersion {
  readonly proposal: ListColumns;
}

/** The input for choosing a slate. */
export interface Pool {
  readonly proposals: readonly ListColumns[];
  /** Embedding generation of the candidates; null if no model searched in one. */
  readonly generation: string | null;
  /** Version of the newest interests that a proposal answers; −1 if none depends on the user. */
  readonly interestsVersion: number;
  /** Items that the user acted on lately. */
  readonly recent: ReadonlySet<string>;
  /** When the newest action was received that a proposal of the user answers, ms; null if there is none. */
  readonly lastReceivedAt: number | null;
}

/**
 * Whether the list of a model replaces the stored one of the same user and model; a record may replace some lists and leave
 * others. One with an equal version does: after a flip the same interests are written and answered again. It does not if it answers
 * an earlier record of them, as a process does that was stopped and whose partition another one has read on meanwhile; one
 * that does not name what it answers always does. One with an older version does only if its newest action was received later, and
 * one that answers a smaller offset only if that record was written later: versions are offsets of actions, and offsets begin at
 * 0 again in a topic that was made anew.
 */
export function replaces(arriving: ListVersion, held: ListVersion): boolean {
  if (arriving.offset <= held.offset) return false;
  const [a, b] = [arriving.proposal, held.proposal];
  if (answersNewer(arriving, held)) return true;
  if (a.version < b.version) return false;
  return a.interestsOffset < 0 || a.interestsOffset >= b.interestsOffset || a.interestsAt > b.interestsAt;
}

/** Whether a list answers a newer action than the other one. */
export function answersNewer({ proposal: a }: ListVersion, { proposal: b }: ListVersion): boolean {
  return a.version > b.version || a.receivedAt > b.receivedAt;
}

/** Returns the last remaining list of each user and model after applying the given ones in log order. */
export function newestProposals<L extends ListVersion>(proposals: Iterable<L>): L[] {
  const newest = new Map<string, L>();
  for (const arriving of proposals) {
    // No name of a model has a line feed.
    const name = `${arriving.proposal.model}\n${arriving.proposal.userId}`;
    const held = newest.get(name);
    if (held === undefined || replaces(arriving, held)) newest.set(name, arriving);
  }
  return [...newest.values()];
}

/**
 * Joins the user's own proposals with those for everyone. Scores of two embedding generations are not comparable, so
 * only the newest generation counts, with the models that need none. The list for everyone of a model is left out if
 * that model proposed to the user. There are at most MAX_MODELS, the user's own first.
 */
export function joinPools(own: readonly HeldProposal[], everybody: readonly HeldProposal[]): Pool {
  const generation = newestGeneration(own) ?? newestGeneration(everybody);
  const fits = ({ proposal }: HeldProposal): boolean =>
    proposal.generation === null || proposal.generation === generation;
  const considered = own.filter(fits);
  const models = new Set(considered.map(({ proposal }) => proposal.model));
  const shared = everybody
    .filter((held) => fits(held) && !models.has(held.proposal.model))
    .sort(byModel)
    .slice(0, MAX_MODELS - considered.length);
  const newest = considered.toSorted(byRecency)[0]?.proposal;
  return {
    // The order does not depend on the store, so that a slate can be computed again.
    proposals: [...considered, ...shared].sort(byModel).map(({ proposal }) => proposal),
    generation,
    interestsVersion: newest?.version ?? -1,
    // Also of a proposal whose candidates are of an older generation: the user has acted on these items nevertheless.
    recent: new Set(own.toSorted(byRecency)[0]?.proposal.recent),
    lastReceivedAt: own.length === 0 ? null : Math.max(...own.map(({ proposal }) => proposal.receivedAt)),
  };
}

/** The generation of the last proposal in the log among those with a generation. */
function newestGeneration(held: readonly HeldProposal[]): string | null {
  const searched = held.filter(({ proposal }) => proposal.generation !== null);
  return searched.toSorted((a, b) => b.offset - a.offset)[0]?.proposal.generation ?? null;
}

function byModel(a: HeldProposal, b: HeldProposal): number {
  return a.proposal.model < b.proposal.model ? -1 : 1;
}

function byRecency(a: HeldProposal, b: HeldProposal): number {
  return b.proposal.version - a.proposal.version || b.offset - a.offset;
}
