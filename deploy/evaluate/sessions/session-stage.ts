import type { Session } from '#algorithms/sessions/recent-sessions.ts';
import type { LoggedAction } from '#contracts/domain/action-validity.ts';
import { isEveryone } from '#contracts/domain/ids.ts';
import type { ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { CATALOG } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { createModels } from '../../../services/propose/models.ts';
import { Popularity } from '../../../services/propose/popularity.ts';
import { proposalFor, proposalForEveryone } from '../../../services/propose/proposals.ts';
import type { Resources } from '../../../services/propose/proposers/proposer.ts';
import { Sessions } from '../../../services/propose/sessions.ts';
import { sumOfProposals } from '../served/sum.ts';
import type { Click } from './click-log.ts';

/** The models that need no training. */
export const SESSION_MODELS = ['session-neighbours', 'session-transitions'] as const;

/** The stage propose with the models that learn from the log as it flows, created by its own code. */
export function openSessionStage(environment: Record<string, string> = {}) {
  const config = readProposeConfig({
    TRIBUTARY_PROPOSERS: [...SESSION_MODELS, 'trending'].join(),
    ...environment,
  });
  const sessions = new Sessions(config, CATALOG.actions.partitions);
  const popularity = new Popularity(config);
  /** The session of a user who is not in the log yet. */
  let unknown: Session | undefined;
  const resources: Partial<Resources> = {
    popularity,
    index: { withheld: async () => new Set() } as unknown as Resources['index'],
    sessions: {
      latestOf: (userId) => unknown ?? sessions.latestOf(userId),
      withItem: (itemId) => sessions.withItem(itemId),
      reach: async () => undefined,
    },
  };
  const { forUsers, forEveryone } = createModels(config, resources);
  const { signal } = new AbortController();
  let offset = 0;

  return {
    take(click: Click): void {
      const action = loggedClick(click, offset);
      sessions.apply(action, partitionOfKey(click.session, CATALOG.actions.partitions), offset++);
      popularity.apply(action);
    },
    /**
     * The proposals of the models for the session so far.
     * @param isTaken whether the clicks of the session are in the log
     */
    async proposals(prefix: readonly string[], click: Click, isTaken: boolean): Promise<ModelProposal[]> {
      const types = prefix.map(() => 'view');
      unknown = isTaken ? undefined : { items: distinct(prefix), types, lastAt: click.at };
      const user = interestsOf(click, prefix);
      const proposals: ModelProposal[] = [];
      for (const model of forUsers) {
        const list = (await model.propose([user], signal)).get(user.userId);
        if (list !== undefined) proposals.push(proposalFor(user, list, model));
      }
      for (const model of forEveryone) {
        const list = await model.propose(signal);
        if (list !== undefined) proposals.push(proposalForEveryone(list, model, 0));
      }
      return proposals;
    },
  };
}

/** The order of all lists, in which rerank shows them before it has learned anything and without exploring. */
export const SESSIONS_AS_SERVED = 'as served';

/** Names of the sums in `sessionLists`: of all lists, each in full, and of those that are not for everyone. */
export const SUMS = ['sum', 'sum of the lists for users'] as const;

/** The list of each model without the items of the session, all lists as served, and their sums. */
export function sessionLists(
  proposals: readonly ModelProposal[],
  prefix: readonly string[],
): Map<string, string[]> {
  const lists = proposals.map(({ model, items }): [string, string[]] => {
    return [model, items.map(({ itemId }) => itemId).filter((itemId) => !prefix.includes(itemId))];
  });
  const seen = new Set(prefix);
  const own = proposals.filter(({ userId }) => !isEveryone(userId));
  return new Map([
    ...lists,
    [SESSIONS_AS_SERVED, sumOfProposals(proposals, seen)],
    [SUMS[0], sumOfProposals(proposals, seen, { areListsEqual: true })],
    [SUMS[1], sumOfProposals(own, seen)],
  ]);
}

/** Distinct items, an item that comes again at its last place. */
function distinct(items: readonly string[]): string[] {
  return [...new Set(items.toReversed())].reverse();
}

function loggedClick({ session, item, at }: Click, offset: number): LoggedAction {
  const value = {
    eventId: String(offset),
    userId: session,
    itemId: item,
    type: 'view' as const,
    occurredAt: at,
    receivedAt: at,
    contextId: session,
    value: null,
    slateId: null,
    slot: null,
  };
  return { value, key: session, timestamp: at };
}

function interestsOf({ session, at }: Click, prefix: readonly string[]): UserInterests {
  return {
    userId: session,
    version: 0,
    generation: null,
    streamTime: at,
    receivedAt: at,
    medoids: [],
    recent: distinct(prefix).reverse(),
    windowSize: prefix.length,
    unknownItems: 0,
    types: [],
    recentTypes: [],
    repeats: [],
  };
}
