import type { Logger } from 'pino';
import { BEHAVIOUR } from '#artefacts/behaviour.ts';
import { DecodedArtefacts } from '#artefacts/decoded.ts';
import { ArtefactReader } from '#artefacts/reader.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { FollowHandlers } from '#platform/stage.ts';
import type { RetrainConfig } from '../config.ts';
import { ContextGraph } from '../graph/context-graph.ts';
import { LiveNeighbourhoods } from '../graph/live-neighbourhoods.ts';
import type { WalkItems } from '../graph/walk-items.ts';
import { COMPANION_NAMES } from '../trainers/registry.ts';
import { DEFAULT_TRAIN_CONFIG, graphOptions, walkOptions } from '../training/train-config.ts';
import { ActionLog } from './action-log.ts';
import { ItemCatalogue } from './catalogue.ts';
import { EmbeddedItemIds } from './embedded-items.ts';
import { type Latents, PINSAGE_LATENTS, PINSAGE_LATENTS_FORMAT } from './pinsage-latents.ts';
import { type Models, PINSAGE, PINSAGE_FORMAT } from './pinsage-model.ts';

/** All that the stage keeps of the log. It is rebuilt from the log at each start. */
export interface LogState {
  readonly actions: ActionLog;
  readonly graph: ContextGraph;
  readonly neighbourhoods: LiveNeighbourhoods;
  readonly catalogue: ItemCatalogue;
  readonly embedded: EmbeddedItemIds;
  readonly artefacts: ArtefactReader;
  readonly models: Models;
  readonly latents: Latents;
  readonly releases: ReleaseLedger;
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
  const artefacts = new ArtefactReader({
    // The factors of behaviour and the companions are kept here only to be withdrawn with their generation.
    models: [PINSAGE, PINSAGE_LATENTS, BEHAVIOUR, ...COMPANION_NAMES],
    log,
    now: () => performance.now(),
  });
  return {
    actions,
    graph,
    neighbourhoods,
    catalogue: new ItemCatalogue(),
    embedded: new EmbeddedItemIds(),
    artefacts,
    models: new DecodedArtefacts(artefacts, PINSAGE_FORMAT, log),
    latents: new DecodedArtefacts(artefacts, PINSAGE_LATENTS_FORMAT, log),
    releases: new ReleaseLedger(),
  };
}

/**
 * How each topic enters the state.
 * @param onRelease called with the generation of each release, after it was applied
 * @param onItem called with the id of an item that arrived, changed, was withdrawn or was taken by a user
 */
export function logHandlers(
  state: LogState,
  onItem: (itemId: string) => void,
  onRelease: (generation: string) => void = () => {},
): FollowHandlers {
  return {
    actions({ value, key, timestamp }) {
      if (value === null) return;
      state.actions.add({ value, key, timestamp });
      onItem(value.itemId);
    },
    items({ key, value }) {
      state.catalogue.apply(key, value);
      onItem(key);
    },
    embeddings: ({ key, value }) => state.embedded.apply(key, value),
    ...state.artefacts.handlers,
    releases({ key, value }) {
      state.releases.declare(key, value);
      onRelease(key);
    },
  };
}
