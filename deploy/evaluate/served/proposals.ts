import type { Artefact } from '#artefacts/artefact.ts';
import { behaviourArtefact } from '#artefacts/behaviour.ts';
import { heldArtefacts } from '#artefacts/held.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import type { LoggedAction } from '#contracts/domain/action-validity.ts';
import type { ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { CATALOG } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { Categories } from '../../../services/propose/categories.ts';
import type { ProposeConfig } from '../../../services/propose/config.ts';
import { LiveEmbeddings } from '../../../services/propose/embeddings/live-embeddings.ts';
import { Intervals } from '../../../services/propose/intervals.ts';
import { LiveTakers } from '../../../services/propose/live-takers.ts';
import { createModels, type ModelsByAudience } from '../../../services/propose/models.ts';
import { Popularity } from '../../../services/propose/popularity.ts';
import { proposalFor, proposalForEveryone } from '../../../services/propose/proposals.ts';
import type { Resources } from '../../../services/propose/proposers/proposer.ts';
import { Sessions } from '../../../services/propose/sessions.ts';
import { Takers } from '../../../services/propose/takers.ts';
import {
  actionRecord,
  EVALUATED,
  embeddingRecords,
  itemRecords,
  type LogEnd,
  releaseRecord,
} from './log-end.ts';

const USERS_A_CALL = 32;
/** A clock that stands still: the ranking by popularity is computed once. */
const STOPPED = () => 0;

/** The models of the stage propose, created by its own code over resources that hold the log. */
export function modelsAt(log: LogEnd, config: ProposeConfig): ModelsByAudience {
  return createModels(config, resourcesAt(log, config));
}

/** The resources of the models at the end of the log. */
export function resourcesAt(log: LogEnd, config: ProposeConfig): Partial<Resources> {
  const { duplicateCosine } = config;
  const prior = new Takers(config);
  const popularity = new Popularity(config);
  const takers = new LiveTakers(config);
  const intervals = new Intervals(config);
  const categories = new Categories();
  const embeddings = new LiveEmbeddings({ popularity: prior, duplicateCosine, now: STOPPED });
  for (let position = 0; position < log.actions.at.length; position++) {
    const action = loggedRecord(log, position);
    prior.apply(action);
    popularity.apply(action);
    takers.apply(action);
    intervals.apply(action);
  }
  prior.rescale();
  popularity.top(1);
  const { items, releases, embeddings: vectors } = embeddings.handlers;
  const message = { partition: 0, offset: 0, timestamp: 0, trace: undefined };
  for (const value of itemRecords(log)) {
    void items({ ...message, key: value.itemId, value });
    categories.apply(value.itemId, value);
  }
  const release = releaseRecord(log);
  void releases({ ...message, key: release.generation, value: release });
  for (const value of embeddingRecords(log))
    void vectors({ ...message, key: `${value.generation}/${value.itemId}`, value });
  embeddings.markCaughtUp();
  const sessions = new Sessions(config, CATALOG.actions.partitions);
  for (let position = 0; position < log.actions.at.length; position++) {
    const action = loggedRecord(log, position);
    sessions.apply(action, partitionOfKey(action.key, CATALOG.actions.partitions), position);
  }
  const artefacts = artefactsOf(log);
  return {
    embeddings,
    popularity,
    takers,
    sessions,
    intervals,
    categories,
    artefacts: heldArtefacts((model) => artefacts.find((artefact) => artefact.model === model)),
    index: NOTHING_WITHHELD,
  };
}

/** What the training of the evaluated generation left in the log. */
export function artefactsOf({ itemIds, behaviour, companions = [] }: LogEnd): Artefact[] {
  const artefacts = companions.flatMap(({ model, tables }) =>
    tables === undefined
      ? []
      : tablesArtefact({ model, generation: EVALUATED, itemIds, tables, card: '{}', trainedUpTo: null }),
  );
  if (behaviour !== undefined)
    artefacts.push(behaviourArtefact(EVALUATED, { itemIds, factors: behaviour }, null));
  return artefacts;
}

/** All items of an evaluation are available. */
const NOTHING_WITHHELD = { withheld: async () => new Set() } as unknown as Resources['index'];

function loggedRecord(log: LogEnd, position: number): LoggedAction {
  const value = actionRecord(log, position);
  return { value, key: value.userId, timestamp: value.occurredAt };
}

/**
 * The proposals of each model by user, as the stage would publish them; a list for everyone is of every user.
 * @param onProgress is called with the number of users that are done
 */
export async function proposalsFor(
  { forUsers, forEveryone }: ModelsByAudience,
  users: readonly UserInterests[],
): Promise<Map<string, ModelProposal[]>> {
  const { signal } = new AbortController();
  const shared: ModelProposal[] = [];
  for (const model of forEveryone) {
    const list = await model.propose(signal);
    if (list !== undefined) shared.push(proposalForEveryone(list, model, 0));
  }
  const proposals = new Map(users.map(({ userId }) => [userId, [...shared]]));
  for (const model of forUsers) {
    for (let from = 0; from < users.length; from += USERS_A_CALL) {
      const some = users.slice(from, from + USERS_A_CALL);
      const lists = await model.propose(some, signal);
      for (const user of some) {
        const list = lists.get(user.userId);
        if (list !== undefined) proposals.get(user.userId)!.push(proposalFor(user, list, model));
      }
    }
  }
  return proposals;
}
