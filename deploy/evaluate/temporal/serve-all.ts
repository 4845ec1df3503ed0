import { COMBINER } from '#artefacts/combiner.ts';
import { isOnRequest } from '#contracts/domain/asked-lists.ts';
import { isEveryone } from '#contracts/domain/ids.ts';
import type { ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { InterestsConfig } from '../../../services/interests/config.ts';
import type { ProposeConfig } from '../../../services/propose/config.ts';
import { createModels } from '../../../services/propose/models.ts';
import type { Resources } from '../../../services/propose/proposers/proposer.ts';
import { PROPOSERS } from '../../../services/propose/proposers/registry.ts';
import { ItemFacts } from '../../../services/rerank/availability/item-facts.ts';
import { readRerankConfig } from '../../../services/rerank/config.ts';
import type { KindLimit } from '../../../services/rerank/kinds.ts';
import type { Recommendations } from '../pinsage/scores.ts';
import type { TemporalSplit } from '../pinsage/split.ts';
import { interestRecords } from '../served/interest-records.ts';
import { itemRecords, type LogEnd } from '../served/log-end.ts';
import { proposalsFor, resourcesAt } from '../served/proposals.ts';
import { sumOfProposals } from '../served/sum.ts';

/** Models that know the user beyond the current session. */
const LASTING = ['medoid-neighbours', 'behaviour'];

/** Models whose lists a slate holds without being asked for them. */
const UNASKED = PROPOSERS.filter(({ name }) => !isOnRequest(name));

/** Settings with which `propose` runs each of them. */
export const ALL_MODELS = { TRIBUTARY_PROPOSERS: UNASKED.map(({ name }) => name).join() };

/** Models of a process without settings. */
const DEFAULTS = new Set(UNASKED.filter(({ byDefault }) => byDefault).map(({ name }) => name));

/** The name of the slates that rerank composes of the lists of all models. */
export const AS_SERVED = 'as served';

/** Slates by name, and the lists whose candidates each one is chosen from. */
const SLATES: Readonly<Record<string, (proposal: ModelProposal) => boolean>> = {
  [AS_SERVED]: () => true,
  'default models, as served': ({ model }) => DEFAULTS.has(model),
};

/** The orders by name without a limit of kinds, and the lists that each one adds up. */
const SUMS: Readonly<Record<string, (proposal: ModelProposal) => boolean>> = {
  all: () => true,
  'default models': ({ model }) => DEFAULTS.has(model),
  sum: ({ model }) => model !== COMBINER,
  'sum of the lists for users': ({ userId }) => !isEveryone(userId),
  'sum of medoid-neighbours and behaviour': ({ model }) => LASTING.includes(model),
};

/** What the stages interests and propose hold at the end of the log. */
export interface ServedLists {
  /** By user number. */
  readonly records: ReadonlyMap<number, UserInterests>;
  readonly resources: Partial<Resources>;
  /** By user id. */
  readonly proposals: ReadonlyMap<string, readonly ModelProposal[]>;
}

type Split = Pick<TemporalSplit, 'relevant' | 'seen'>;

/** The lists of each model and their sums for the test users, by the code of the stages. */
export async function serveAll(
  log: LogEnd,
  split: Split,
  config: { readonly interests: InterestsConfig; readonly propose: ProposeConfig },
): Promise<Map<string, Recommendations>> {
  return listsOf(await proposeAll(log, split, config), log, split);
}

export async function proposeAll(
  log: LogEnd,
  { relevant }: Pick<Split, 'relevant'>,
  config: { readonly interests: InterestsConfig; readonly propose: ProposeConfig },
): Promise<ServedLists> {
  const records = interestRecords(log, new Set(relevant.keys()), config.interests);
  const resources = resourcesAt(log, config.propose);
  const models = createModels(config.propose, resources);
  return { records, resources, proposals: await proposalsFor(models, [...records.values()]) };
}

/**
 * The lists by name. Items that the user took before the window began are dropped, as the protocol drops seen items.
 * @param names the sums and slates that are formed; by default all, and the list of each model
 */
export function listsOf(
  { records, proposals }: Pick<ServedLists, 'records' | 'proposals'>,
  log: LogEnd,
  { relevant, seen }: Split,
  names?: readonly string[],
): Map<string, Recommendations> {
  const { itemIds, userIds } = log;
  const numberOf = new Map(itemIds.map((itemId, number) => [itemId, number]));
  const lists = new Map<string, Map<number, number[]>>();
  const note = (name: string, user: number, ids: readonly string[]) => {
    const own = lists.get(name) ?? new Map<number, number[]>();
    lists.set(name, own);
    const numbers = ids.map((itemId) => numberOf.get(itemId)!);
    own.set(
      user,
      numbers.filter((number) => !seen.get(user)!.has(number)),
    );
  };
  const kinds: KindLimit = { kindOf: servedKinds(log), most: readRerankConfig().ofOneKind };
  const wanted = (all: typeof SUMS) =>
    Object.entries(all).filter(([name]) => names === undefined || names.includes(name));
  // A slate of ten is chosen from what may be shown, so that no slot is lost to an item that the protocol drops.
  const unshown = (user: number, recent: ReadonlySet<string>) =>
    new Set([...recent, ...[...seen.get(user)!].map((number) => itemIds[number]!)]);
  for (const user of relevant.keys()) {
    const own = proposals.get(userIds[user]!) ?? [];
    const recent = new Set(records.get(user)?.recent);
    for (const { model, items } of names === undefined ? own : [])
      note(
        `${model}, as served`,
        user,
        items.map(({ itemId }) => itemId).filter((itemId) => !recent.has(itemId)),
      );
    for (const [name, isAdded] of wanted(SUMS)) note(name, user, sumOfProposals(own.filter(isAdded), recent));
    for (const [name, isAdded] of wanted(SLATES))
      note(name, user, sumOfProposals(own.filter(isAdded), unshown(user, recent), { kinds }));
  }
  return lists;
}

/** The kinds of the catalogue as the stage rerank knows them. */
export function servedKinds(log: LogEnd): (itemId: string) => number | undefined {
  const facts = new ItemFacts();
  for (const item of itemRecords(log)) facts.apply(item.itemId, item);
  return (itemId) => facts.kindOf(itemId);
}
