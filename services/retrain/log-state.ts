import type { Logger } from 'pino';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { FollowHandlers } from '#platform/stage.ts';
import { ActionLog } from './action-log.ts';
import { ItemCatalogue } from './catalogue.ts';
import type { RetrainConfig } from './config.ts';
import { EmbeddedItems } from './embedded-items.ts';
import { ContextGraph } from './graph/context-graph.ts';
import { LiveNeighbourhoods } from './graph/live-neighbourhoods.ts';
import type { WalkItems } from './graph/walk-items.ts';
import { Latents } from './latents.ts';
import { Models } from './models.ts';
import { NewItems } from './new-items.ts';
import { DEFAULT_TRAIN_CONFIG, graphOptions, walkOptions } from './training/train-config.ts';

/** All that the stage knows, rebuilt from the log at each start. */
export interface LogState {
  readonly actions: ActionLog;
  readonly graph: ContextGraph;
  readonly neighbourhoods: LiveNeighbourhoods;
  readonly catalogue: ItemCatalogue;
  readonly embedded: EmbeddedItems;
  readonly models: Models;
  readonly latents: Latents;
  readonly releases: ReleaseLedger;
  readonly newItems: NewItems;
}

/** @param walk where the walks of all items are done */
export function createLogState(
  { actionWeights, halfLifeDays, seed }: Pick<RetrainConfig, 'actionWeights' | 'halfLifeDays' | 'seed'>,
  log: Logger,
  walk: WalkItems,
): LogState {
  const graph = new ContextGraph({ ...graphOptions(DEFAULT_TRAIN_CONFIG), halfLifeDays });
  const actions = new ActionLog(actionWeights, graph);
  const neighbourhoods = new LiveNeighbourhoods(graph, actions.itemNumbers, walk, {
    ...walkOptions(DEFAULT_TRAIN_CONFIG),
    seed,
  });
  const catalogue = new ItemCatalogue();
  const embedded = new EmbeddedItems();
  const models = new Models(log);
  const latents = new Latents(log);
  const releases = new ReleaseLedger();
  const newItems = new NewItems({ catalogue, embedded, latents, models, neighbourhoods, releases });
  return { actions, graph, neighbourhoods, catalogue, embedded, models, latents, releases, newItems };
}

/** How each topic enters the state. */
export function logHandlers(state: LogState): FollowHandlers {
  return {
    actions({ value }) {
      if (value === null) return;
      state.actions.take(value);
      state.newItems.takeItem(value.itemId);
    },
    items({ key, value }) {
      state.catalogue.take(key, value);
      state.newItems.takeItem(key);
    },
    embeddings: ({ key, value }) => state.embedded.take(key, value),
    models: ({ key, value }) => state.models.take(key, value),
    latents: (message) => state.latents.take(message),
    releases: ({ key, value }) => state.releases.declare(key, value),
  };
}
