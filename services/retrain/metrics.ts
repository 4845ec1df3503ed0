import { Counter, Gauge, type Registry } from 'prom-client';
import { RELEASE_STATES, type Release } from '#contracts/generated/records.ts';
import type { RefreshReport } from './graph/live-neighbourhoods.ts';
import type { LogState } from './log-state.ts';

export interface RetrainMetrics {
  /** Notes a retraining that ended. */
  ended(release: Release): void;
  /** Notes the walks of a retraining. */
  walked(report: RefreshReport): void;
  readonly inductiveItems: Counter;
  readonly removedEmbeddings: Counter;
}

export function createRetrainMetrics(
  registry: Registry,
  { releases, graph }: Pick<LogState, 'releases' | 'graph'>,
): RetrainMetrics {
  const registers = [registry];
  const retrainings = new Counter({
    name: 'tributary_retrain_retrainings_total',
    help: 'Retrainings that ended, by state: ready, rejected',
    labelNames: ['state'],
    registers,
  });
  const seconds = new Gauge({
    name: 'tributary_retrain_seconds',
    help: 'Time that the last retraining took, from reading the log to its last release',
    registers,
  });
  const items = new Gauge({
    name: 'tributary_retrain_items',
    help: 'Items that the last retraining was about',
    registers,
  });
  const actions = new Gauge({
    name: 'tributary_retrain_actions',
    help: 'Actions that the last retraining learned from',
    registers,
  });
  const walkedItems = new Counter({
    name: 'tributary_retrain_walked_items_total',
    help: 'Items that retrainings walked the graph from; the others had the neighbours of before',
    registers,
  });
  const walkSeconds = new Gauge({
    name: 'tributary_retrain_walk_seconds',
    help: 'Time that the walks of the last retraining took',
    registers,
  });
  new Gauge({
    name: 'tributary_retrain_graph_edges',
    help: 'Edges between items and contexts',
    registers,
    collect() {
      this.set(graph.edges);
    },
  });
  new Gauge({
    name: 'tributary_retrain_graph_bytes',
    help: 'Memory of the graph',
    registers,
    collect() {
      this.set(graph.bytes);
    },
  });
  new Gauge({
    name: 'tributary_retrain_generations',
    help: 'Generations that the log tells of, by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of RELEASE_STATES) this.set({ state }, releases.count(state));
    },
  });
  return {
    ended({ state, createdAt, updatedAt, itemCount, actionCount }) {
      retrainings.inc({ state });
      seconds.set((updatedAt - createdAt) / 1_000);
      items.set(itemCount);
      actions.set(actionCount);
    },
    walked({ walked, seconds: took }) {
      walkedItems.inc(walked);
      walkSeconds.set(took);
    },
    inductiveItems: new Counter({
      name: 'tributary_retrain_inductive_items_total',
      help: 'Embeddings computed after the training: of new items, and again of changed ones',
      registers,
    }),
    removedEmbeddings: new Counter({
      name: 'tributary_retrain_removed_embeddings_total',
      help: 'Embeddings of past generations that were removed from the log',
      registers,
    }),
  };
}
