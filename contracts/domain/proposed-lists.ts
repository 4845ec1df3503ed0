/**
 * The lists of a proposal. A record holds the lists of several models in columns, or the items of one model; every reader goes
 * through this file, so that it need not know which.
 */
import type { Cause, ListedCause, ModelList, Proposal, ProposedItem } from '../generated/records.ts';

/** What the lists of one record have in common. */
type SharedFields = Pick<
  Proposal,
  'userId' | 'version' | 'receivedAt' | 'recent' | 'interestsOffset' | 'interestsAt'
>;

/** The proposal of one model, with an object for each candidate. */
export interface ModelProposal extends SharedFields, Pick<ModelList, 'model' | 'generation' | 'explanation'> {
  /** The best first. */
  readonly items: readonly ProposedItem[];
}

/** Candidates of one record, which all its lists refer to. */
export interface CandidateTable {
  readonly itemIds: readonly string[];
  /** Of each item, 0 to 1; empty when none is known. */
  readonly popularity: readonly number[];
  readonly causes: readonly Cause[];
}

/** The proposal of one model, in columns. */
export interface ListColumns extends SharedFields, Pick<ModelList, 'model' | 'generation' | 'explanation'> {
  readonly candidates: CandidateTable;
  /** Positions in the table, the best first. */
  readonly places: readonly number[];
  /** One a place. */
  readonly scores: readonly number[];
  /** Position in the causes of the table for each place, −1 for none; empty when no place has one. */
  readonly causes: readonly number[];
  /** Explanations that hold for some of the places instead of that of the list. */
  readonly explanations: readonly string[];
  /** Position in the explanations for each place, −1 for that of the list; empty when that holds for all. */
  readonly reasons: readonly number[];
}

/** Returns the names of the models of a proposal, in its order. */
export function modelNamesOf({ lists, model }: Pick<Proposal, 'lists' | 'model'>): readonly string[] {
  return lists.length === 0 ? [model] : lists.map((list) => list.model);
}

/** Returns the lists of a proposal in columns; those of one record share its table. */
export function columnsOf(proposal: Proposal): ListColumns[] {
  const { userId, version, receivedAt, recent, interestsOffset, interestsAt, lists } = proposal;
  const shared = { userId, version, receivedAt, recent, interestsOffset, interestsAt };
  if (lists.length === 0) return [columnsOfModel(proposal)];
  const { candidates: itemIds, popularity, causes } = proposal;
  const candidates = { itemIds, popularity, causes };
  return lists.map((list) => ({ ...shared, ...list, candidates }));
}

/** Returns the items of one model in columns. */
export function columnsOfModel(proposal: ModelProposal): ListColumns {
  const { userId, version, receivedAt, recent, interestsOffset, interestsAt, ...own } = proposal;
  const { model, generation, explanation, items } = own;
  const causes: Cause[] = [];
  const causePlaces = items.map(({ because }) => (because === null ? -1 : causes.push(because) - 1));
  const itemIds = items.map(({ itemId }) => itemId);
  const popularity = items.map((item) => item.popularity);
  return {
    ...{ userId, version, receivedAt, recent, interestsOffset, interestsAt },
    ...{ model, generation, explanation },
    candidates: { itemIds, popularity, causes },
    places: items.map((_, place) => place),
    scores: items.map(({ score }) => score),
    causes: causes.length === 0 ? [] : causePlaces,
    ...reasonsOf(items),
  };
}

/** The explanations of items that have one of their own, each once, and the position of each item's. */
function reasonsOf(items: readonly ProposedItem[]): Pick<ModelList, 'explanations' | 'reasons'> {
  if (items.every(({ explanation }) => explanation === '')) return { explanations: [], reasons: [] };
  const explanations = [...new Set(items.map(({ explanation }) => explanation))].filter((one) => one !== '');
  return { explanations, reasons: items.map(({ explanation }) => explanations.indexOf(explanation)) };
}

/** Returns the lists of a proposal with an object for each candidate. */
export function modelProposalsOf(proposal: Proposal): ModelProposal[] {
  return columnsOf(proposal).map(
    ({ candidates, places, scores, causes, explanations, reasons, ...rest }) => ({
      ...rest,
      items: places.map((at, place) => ({
        itemId: candidates.itemIds[at]!,
        score: scores[place]!,
        because: candidates.causes[causes[place] ?? -1] ?? null,
        popularity: candidates.popularity[at] ?? 0,
        explanation: explanations[reasons[place] ?? -1] ?? '',
      })),
    }),
  );
}

/**
 * Returns the record of several models for one user and version of the interests. A candidate of several lists has the largest
 * popularity that one of them names. The record holds scores and popularity as 32-bit floats.
 * @param proposals at least one, each of another model
 */
export function combineProposals(proposals: readonly ModelProposal[]): Proposal {
  const { userId, version, receivedAt, recent, interestsOffset, interestsAt } = proposals[0]!;
  const table = new TableBuilder();
  const lists = proposals.map(({ model, generation, explanation, items }): ModelList => {
    const causes = items.map(({ because }) => (because === null ? -1 : table.placeOfCause(because)));
    return {
      ...{ model, generation, explanation },
      places: items.map((item) => table.placeOf(item)),
      scores: items.map(({ score }) => score),
      causes: causes.some((place) => place >= 0) ? causes : [],
      ...reasonsOf(items),
    };
  });
  return {
    ...{ userId, model: '', generation: null, version, receivedAt, items: [], recent, explanation: '' },
    ...{ candidates: table.itemIds, popularity: table.popularity, causes: table.causes, lists },
    ...{ interestsOffset, interestsAt },
  };
}

class TableBuilder {
  readonly itemIds: string[] = [];
  readonly popularity: number[] = [];
  readonly causes: ListedCause[] = [];
  readonly #places = new Map<string, number>();
  /** By the item of the cause; models may name different shares of one medoid. */
  readonly #causePlaces = new Map<string, number>();

  placeOf({ itemId, popularity }: ProposedItem): number {
    const known = this.#places.get(itemId);
    if (known !== undefined) {
      if (popularity > this.popularity[known]!) this.popularity[known] = popularity;
      return known;
    }
    this.#places.set(itemId, this.itemIds.length);
    this.popularity.push(popularity);
    return this.itemIds.push(itemId) - 1;
  }

  placeOfCause(cause: Cause): number {
    const known = this.#causePlaces.get(cause.itemId);
    if (known !== undefined && isSameCause(this.causes[known]!, cause)) return known;
    this.#causePlaces.set(cause.itemId, this.causes.length);
    return this.causes.push(cause) - 1;
  }
}

function isSameCause(a: Cause, b: Cause): boolean {
  return a.type === b.type && a.importance === b.importance && a.lastOccurredAt === b.lastOccurredAt;
}
