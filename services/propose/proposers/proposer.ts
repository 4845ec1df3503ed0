/** The interface of a proposal model. `registry.ts` lists the models; each one has a file of its own in this folder. */
import type { ArtefactReader } from '#artefacts/reader.ts';
import type { Cause, UserInterests } from '#contracts/generated/records.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import type { ConfigOf, Settings } from '#platform/config.ts';
import type { Categories } from '../categories.ts';
import type { LiveEmbeddings } from '../embeddings/live-embeddings.ts';
import type { Intervals } from '../intervals.ts';
import type { LiveTakers } from '../live-takers.ts';
import type { Popularity } from '../popularity.ts';
import type { Sessions } from '../sessions.ts';

/** The resources that a model can need. A process opens only those that its models need. */
export interface Resources {
  /** The embeddings of the log, in this process: the items of a generation that may be proposed, by popularity. */
  readonly embeddings: Pick<LiveEmbeddings, 'find'>;
  /** The stage index: neighbours of items and of vectors, and the entries of the catalogue. */
  readonly index: Pick<IndexClient, 'search' | 'vectors' | 'items' | 'withheld'>;
  /** Decayed counts of the actions of all users. */
  readonly popularity: Pick<Popularity, 'top' | 'share'>;
  /** Recent takers of each item, by several half-lives. */
  readonly takers: Pick<LiveTakers, 'countsOf'>;
  /** The usual times between two purchases of an item, from the purchases of all users. */
  readonly intervals: Pick<Intervals, 'usualDays'>;
  /** The categories of the catalogue. */
  readonly categories: Pick<Categories, 'of'>;
  /** The latest sessions of all users. */
  readonly sessions: Pick<Sessions, 'latestOf' | 'withItem' | 'reach'>;
  /** Results of trainings, such as the weights of a model, by name and generation. */
  readonly artefacts: Pick<ArtefactReader, 'decoded'>;
}

/** A model that needs `interests` proposes for each user; a model that does not proposes one list for everyone. */
export type Need = 'interests' | keyof Resources;

export interface Candidate {
  readonly itemId: string;
  /** Any finite number; it is compared only with scores of the same model. */
  readonly score: number;
  /**
   * The item of the user that led to the candidate; a model without one leaves it out. The `importance` of a medoid is its share in the
   * importance of all medoids of the user, 0 to 1, and that of any other item is 0.
   */
  readonly because?: Cause | null;
  /** Popularity of the item from 0 to 1; 0, the default, stands for unknown. */
  readonly popularity?: number;
  /** Holds for this candidate instead of the explanation of the model; empty, the default, where that holds. */
  readonly explanation?: string;
}

export interface ProposedList {
  /** Candidates, the best first. The stage cuts the list to `candidates` items. */
  readonly items: readonly Candidate[];
  /** Embedding generation that was searched; left out by a model that searches none. */
  readonly generation?: string | null;
}

/** A model that proposes for each user. */
export interface ListsForUsers {
  /**
   * Proposes for a few users at once. The result depends on the arguments and the resources only, because the same
   * users may be passed again.
   * @param users at most 32, each with the newest interests that are known
   * @param signal is aborted at the time limit; a result that comes later is dropped
   * @returns a list by user id; a user without one keeps the last list
   * @throws TributaryError with `retryable` when the same call may succeed later: the users are then passed again. After
   * any other error a user gets a list with the next interests.
   */
  propose(users: readonly UserInterests[], signal: AbortSignal): Promise<ReadonlyMap<string, ProposedList>>;
}

/** A model whose one list serves every user, known or not. */
export interface ListForEveryone {
  /** Time between two lists, ms. */
  readonly everyMs: number;
  /** Most candidates of the list, where it may have more than those of the other models. */
  readonly candidates?: number;
  /** @returns the list that replaces the last one; undefined keeps the last one */
  propose(signal: AbortSignal): Promise<ProposedList | undefined>;
}

/** The arguments of a model's `create`: the resources that it needs, its settings, and the length of a list. */
export type Given<N extends Need, S extends Settings> = Pick<Resources, Extract<N, keyof Resources>> & {
  readonly settings: ConfigOf<S>;
  /** Most items in a list. */
  readonly candidates: number;
};

export type Definition<N extends Need, S extends Settings> = ArtefactNames<N> & {
  /** Name of the model in proposals, slates, metrics and `TRIBUTARY_PROPOSERS`: lower-case words joined by hyphens. */
  readonly name: string;
  /**
   * Why an item of a list is shown, for the user. `{deed}` stands for the action of the user on the cause of the item, such as
   * `bought`, and `{cause}` for the title of the cause.
   */
  readonly explanation: string;
  readonly needs: readonly N[];
  /** Whether a process without `TRIBUTARY_PROPOSERS` runs the model. Default true. */
  readonly byDefault?: boolean;
  /** Settings of the model; a fault in one stops the stage at its start. */
  readonly settings: S;
  /** Called once, when the resources are ready. */
  readonly create: (given: Given<N, S>) => 'interests' extends N ? ListsForUsers : ListForEveryone;
};

/** A model that needs `artefacts` names those that it reads; the process keeps them in memory. */
type ArtefactNames<N extends Need> = 'artefacts' extends N
  ? { readonly artefacts: readonly string[] }
  : { readonly artefacts?: never };

/** A model as the stage sees it; `defineProposer` makes one. */
export interface Proposer<S extends Settings = Settings> {
  readonly name: string;
  readonly explanation: string;
  readonly needs: readonly Need[];
  readonly byDefault: boolean;
  /** Names of the artefacts that the model decodes, which no other model of the process does. */
  readonly artefacts: readonly string[];
  readonly settings: S;
  /** @throws Error when a resource that the model needs is not among the given ones */
  create(
    resources: Partial<Resources>,
    options: { readonly settings: ConfigOf<S>; readonly candidates: number },
  ): ListsForUsers | ListForEveryone;
}

/** Checks a model against its own declaration: `create` gets the resources that `needs` names, and no others. */
export function defineProposer<const N extends Need, S extends Settings>(
  definition: Definition<N, S>,
): Proposer<S> {
  const { name, explanation, needs, byDefault = true, artefacts = [], settings, create } = definition;
  return {
    name,
    explanation,
    needs,
    byDefault,
    artefacts,
    settings,
    create(resources, options) {
      const given: Record<string, unknown> = { ...options };
      for (const need of needs) {
        if (need === 'interests') continue;
        given[need] = resources[need as keyof Resources];
        if (given[need] === undefined) throw new Error(`${name} needs ${need}, which is not open`);
      }
      return create(given as Given<N, S>);
    },
  };
}
