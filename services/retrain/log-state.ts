import type { Logger } from 'pino';
import type { FollowHandlers } from '#platform/stage.ts';
import { ActionLog } from './action-log.ts';
import { ItemCatalogue } from './catalogue.ts';
import type { RetrainConfig } from './config.ts';
import { EmbeddedItems } from './embedded-items.ts';
import { Models } from './models.ts';
import { NewItems } from './new-items.ts';
import { Releases } from './releases.ts';

/** All that the stage knows, rebuilt from the log at each start. */
export interface LogState {
  readonly actions: ActionLog;
  readonly catalogue: ItemCatalogue;
  readonly embedded: EmbeddedItems;
  readonly models: Models;
  readonly releases: Releases;
  readonly newItems: NewItems;
}

export function createLogState(
  { actionWeights }: Pick<RetrainConfig, 'actionWeights'>,
  log: Logger,
): LogState {
  const actions = new ActionLog(actionWeights);
  const catalogue = new ItemCatalogue();
  const embedded = new EmbeddedItems();
  const models = new Models(log);
  const releases = new Releases();
  const newItems = new NewItems({ catalogue, embedded, models, releases });
  return { actions, catalogue, embedded, models, releases, newItems };
}

/** How each topic enters the state. */
export function logHandlers(state: LogState): FollowHandlers {
  return {
    actions({ value }) {
      if (value !== null) state.actions.take(value);
    },
    items({ key, value }) {
      state.catalogue.take(key, value);
      state.newItems.takeItem(key);
    },
    embeddings: ({ key, value }) => state.embedded.take(key, value === null),
    models: ({ key, value }) => state.models.take(key, value),
    releases: ({ key, value }) => state.releases.take(key, value),
  };
}
