import type { Proposal } from '#contracts/generated/records.ts';

/** Models whose proposals a pool holds at most: the features of a slate, and what is learned, grow with them. */
export const MAX_MODELS = 32;

/** A proposal with its place in its partition of `proposals`. */
export interface HeldProposal {
  readonly offset: number;
  readonly proposal: Proposal;
}

/** What a slate is chosen from. */
export interface Pool {
  readonly proposals: readonly Proposal[];
  /** Embedding generation of the candidates; null when no model searched in one. */
  readonly generation: string | null;
  /** Newest interests that a proposal answers; −1 when none depends on the user. */
  readonly interestsVersion: number;
  /** Items that the user acted on lately. */
  readonly recent: ReadonlySet<string>;
}

/**
 * Whether a proposal takes the place of the one held of the same user and model. Equal versions do: after a
 * flip of the generation the same interests are answered anew. An older version never does.
 */
export function replaces(arriving: HeldProposal, held: HeldProposal): boolean {
  return arriving.offset > held.offset && arriving.proposal.version >= held.proposal.version;
}

/** The proposal of each user and model that remains when the given ones are taken in, in log order. */
export function newestProposals(proposals: Iterable<HeldProposal>): HeldProposal[] {
  const newest = new Map<string, HeldProposal>();
  for (const arriving of proposals) {
    const name = JSON.stringify([arriving.proposal.userId, arriving.proposal.model]);
    const held = newest.get(name);
    if (held === undefined || replaces(arriving, held)) newest.set(name, arriving);
  }
  return [...newest.values()];
}

/**
 * Joins the user's own proposals with those for everybody. Scores of two embedding generations lie in different
 * spaces, so that only the newest generation counts, with the models that need none. A model that proposed to
 * the user is not asked again in its list for everybody. There are at most MAX_MODELS, the user's own first.
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
    // One order whatever the store answers, so that a slate can be computed again.
    proposals: [...considered, ...shared].sort(byModel).map(({ proposal }) => proposal),
    generation,
    interestsVersion: newest?.version ?? -1,
    recent: new Set(newest?.recent),
  };
}

/** The generation of the proposal that stands last in the log among those that have one. */
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
