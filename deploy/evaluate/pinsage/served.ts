import type { InterestsConfig } from '../../../services/interests/config.ts';
import type { ProposeConfig } from '../../../services/propose/config.ts';
import type { DatasetItem } from '../../data/dataset.ts';
import { interestRecords } from '../served/interest-records.ts';
import type { LogEnd } from '../served/log-end.ts';
import { modelsAt, proposalsFor } from '../served/proposals.ts';
import type { ItemVectors } from './medoid-neighbours.ts';
import type { Recommendations } from './scores.ts';
import type { TemporalSplit } from './split.ts';

export interface ServedInput {
  readonly split: TemporalSplit;
  /** User id by number. */
  readonly userIds: readonly string[];
  readonly catalogue: ReadonlyMap<string, DatasetItem>;
  readonly vectors: ItemVectors;
}

/**
 * The lists of one model of the stage propose for each test user at the end of `train`, computed by the code of the stages interests
 * and propose with their settings. A window may have forgotten items that the user took earlier: they are dropped, as the protocol
 * drops seen items, and a later candidate moves up.
 */
export async function recommendAsServed(
  { split, userIds, catalogue, vectors }: ServedInput,
  config: { readonly interests: InterestsConfig; readonly propose: ProposeConfig },
): Promise<Recommendations> {
  const { itemIds, train, relevant, seen } = split;
  const log: LogEnd = { userIds, itemIds, actions: train, catalogue, vectors };
  const records = interestRecords(log, new Set(relevant.keys()), config.interests);
  const proposals = await proposalsFor(modelsAt(log, config.propose), [...records.values()]);
  const numberOf = new Map(itemIds.map((itemId, number) => [itemId, number]));
  const recommended = new Map<number, number[]>();
  for (const user of relevant.keys()) {
    const items = (proposals.get(userIds[user]!) ?? []).flatMap((proposal) => proposal.items);
    const numbers = items.map(({ itemId }) => numberOf.get(itemId)!);
    recommended.set(
      user,
      numbers.filter((number) => !seen.get(user)!.has(number)),
    );
  }
  return recommended;
}
