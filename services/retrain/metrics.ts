import type { Counter, Registry } from 'prom-client';
import { RELEASE_STATES, type Release } from '#contracts/generated/records.ts';
import { counter, gauge, registerMetrics } from '#platform/observability/declared-metrics.ts';
import type { RefreshReport } from './graph/live-neighbourhoods.ts';
import type { LogState } from './log-state/log-state.ts';
import type { HardNegativesUse } from './training/prepare.ts';

export const METRICS = {
  retrainings: counter('tributary_retrain_retrainings_total', {
    help: 'Retrainings that ended, by state: ready, rejected',
    labels: ['state'],
  }),
  companions: counter('tributary_retrain_companions_total', {
    help: 'Models trained beside PinSage, by model and outcome: trained, left_out; a generation has no list of a model that was left out',
    labels: ['model', 'outcome'],
  }),
  hardNegatives: counter('tributary_retrain_hard_negatives_total', {
    help: 'Trainings of PinSage by hard negatives: used, or none, because the settings have none or too few queries reach enough of them',
    labels: ['outcome'],
  }),
  seconds: gauge('tributary_retrain_seconds', {
    help: 'Time that the last retraining took, from reading the log to its last release',
  }),
  items: gauge('tributary_retrain_items', {
    help: 'Items that the last retraining was about',
  }),
  actions: gauge('tributary_retrain_actions', {
    help: 'Actions that the last retraining learned from',
  }),
  graphEdges: gauge('tributary_retrain_graph_edges', {
    help: 'Edges between items and contexts in the live graph',
  }),
  graphBytes: gauge('tributary_retrain_graph_bytes', {
    help: 'Memory of the live graph',
  }),
  walkedItems: counter('tributary_retrain_walked_items_total', {
    help: 'Items that retrainings walked the graph from; the others kept the neighbours of the last walk',
  }),
  walkSeconds: gauge('tributary_retrain_walk_seconds', {
    help: 'Time that the walks of the last retraining took',
  }),
  generations: gauge('tributary_retrain_generations', {
    help: 'Generations in the log, by the state of their release',
    labels: ['state'],
  }),
  inductiveItems: counter('tributary_retrain_inductive_items_total', {
    help: 'Embeddings computed after the training of their generation: of new items, and again of changed ones',
  }),
  removedEmbeddings: counter('tributary_retrain_removed_embeddings_total', {
    help: 'Embeddings of past generations that were removed from the log',
  }),
} as const;

export interface RetrainMetrics {
  /** Notes a retraining that ended. */
  ended(release: Release): void;
  /** Notes a model that was trained beside PinSage. */
  companion(model: string, outcome: 'trained' | 'left_out'): void;
  /** Notes whether a training had hard negatives. */
  hardNegatives(use: Pick<HardNegativesUse, 'used'>): void;
  /** Notes the walks of a retraining. */
  walked(report: RefreshReport): void;
  readonly inductiveItems: Counter;
  readonly removedEmbeddings: Counter;
}

export function createRetrainMetrics(
  registry: Registry,
  { releases, graph }: Pick<LogState, 'releases' | 'graph'>,
): RetrainMetrics {
  const metrics = registerMetrics(METRICS, registry, {
    graphEdges: (gauge) => gauge.set(graph.edges),
    graphBytes: (gauge) => gauge.set(graph.bytes),
    generations(gauge) {
      for (const state of RELEASE_STATES) gauge.set({ state }, releases.count(state));
    },
  });
  return {
    ended({ state, createdAt, updatedAt, itemCount, actionCount }) {
      metrics.retrainings.inc({ state });
      metrics.seconds.set((updatedAt - createdAt) / 1_000);
      metrics.items.set(itemCount);
      metrics.actions.set(actionCount);
    },
    companion: (model, outcome) => metrics.companions.inc({ model, outcome }),
    hardNegatives: ({ used }) => metrics.hardNegatives.inc({ outcome: used ? 'used' : 'none' }),
    walked({ walked, seconds }) {
      metrics.walkedItems.inc(walked);
      metrics.walkSeconds.set(seconds);
    },
    inductiveItems: metrics.inductiveItems,
    removedEmbeddings: metrics.removedEmbeddings,
  };
}
