import { EVERYONE } from '#contracts/domain/ids.ts';
import type { ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { ProposedItem, UserInterests } from '#contracts/generated/records.ts';
import type { Candidate, ProposedList } from './proposers/proposer.ts';

/** The parts of a model that its proposals carry. */
export interface Author {
  readonly name: string;
  readonly explanation: string;
  /** Most items in a list. */
  readonly candidates: number;
}

/** The record of interests that a proposal answers; see the schema. */
export type Answered = Pick<ModelProposal, 'interestsOffset' | 'interestsAt'>;

const NO_RECORD: Answered = { interestsOffset: -1, interestsAt: 0 };

/** The proposal of a model for a user. @throws Error when a number of the list is not finite */
export function proposalFor(
  user: UserInterests,
  list: ProposedList,
  author: Author,
  answered = NO_RECORD,
): ModelProposal {
  const { userId, version, receivedAt, recent } = user;
  return { ...authored(list, author), ...answered, userId, version, receivedAt, recent };
}

/** The proposal of a model for every user. @param now ms @throws Error when a number of the list is not finite */
export function proposalForEveryone(list: ProposedList, author: Author, now: number): ModelProposal {
  return {
    ...authored(list, author),
    ...NO_RECORD,
    userId: EVERYONE,
    version: -1,
    receivedAt: now,
    recent: [],
  };
}

function authored({ items, generation = null }: ProposedList, { name, explanation, candidates }: Author) {
  return { model: name, explanation, generation, items: items.slice(0, candidates).map(complete) };
}

/** One number that is not finite would spoil every score of a slate. */
function complete(candidate: Candidate): ProposedItem {
  const { itemId, score, because = null, popularity = 0, explanation = '' } = candidate;
  if (!Number.isFinite(score + popularity + (because?.importance ?? 0))) {
    throw new Error(`the score, popularity or importance of ${itemId} is not a finite number`);
  }
  return isComplete(candidate) ? candidate : { itemId, score, because, popularity, explanation };
}

function isComplete(candidate: Candidate): candidate is ProposedItem {
  const { because, popularity, explanation } = candidate;
  return because !== undefined && popularity !== undefined && explanation !== undefined;
}
