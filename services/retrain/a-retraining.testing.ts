import { pino } from 'pino';
import { emptyNeighbourhoods } from '#algorithms/pinsage/walks.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { Release, UserAction } from '#contracts/generated/records.ts';
import { walkHere } from './graph/walk-items.ts';
import { createLogState, type LogState } from './log-state/log-state.ts';
import { someItem } from './records.testing.ts';
import { type RecordedWrites, recordingPublisher } from './release/publisher.testing.ts';
import type { RetrainingPorts } from './retraining.ts';
import type { TrainInput, TrainResult } from './training/train.ts';

export const DAY = 86_400_000;
export const NOW = 20_000 * DAY;
export const DIM = 3;
const SILENT = pino({ level: 'silent' });
export const CONFIG = {
  intervalMs: 0,
  leaseMs: 60_000,
  days: 100,
  itemsMaximum: 10,
  secondsBudget: 3,
  generationsKept: 2,
  halfLifeDays: 0,
  walkThreads: 1,
  seed: 7,
  warmStart: 'true' as const,
  actionWeights: DEFAULT_ACTION_WEIGHTS,
  codeVersion: '1.2.3',
  inferenceWorkers: 0,
  companions: ['places'],
  hardNegatives: 'true' as const,
  sequenceNetwork: 'attention' as const,
  combinerHorizon: 'lasting' as const,
  inferencePatienceMs: 1_000,
};

/** The result of a training that gives item number i the vector (1, i, 0), with the given figures. */
export function trained(
  input: TrainInput,
  { learned = 0.3, contentOnly = 0.2, warmStart = 0.3, pairs = 1_000 } = {},
): TrainResult {
  const { itemCount, features } = input;
  const shape = {
    features: features.length / itemCount,
    hidden: 2,
    layers: 1,
    dim: DIM,
    pooling: 'importance',
    direct: 0,
  } as const;
  const figures = (hitRateAt100: number) => ({
    pairs,
    hitRateAt10: hitRateAt100 / 10,
    hitRateAt100,
    meanReciprocalRank: 0.1,
    ndcg: 0.2,
  });
  return {
    embeddings: Float32Array.from(
      { length: itemCount * DIM },
      (_, i) => [1, Math.floor(i / DIM), 0][i % DIM]!,
    ),
    weights: initialWeights(shape, createRandom('weights')),
    places: new Float32Array(itemCount * input.structure),
    latents: [new Float32Array(itemCount * shape.hidden)],
    anchors: { items: new Int32Array(), places: new Float32Array() },
    neighbourhoods: input.neighbourhoods ?? emptyNeighbourhoods(itemCount, 1),
    alpha: { alpha: 1.4, table: [{ alpha: 1.4, relevance: 0.5, meanCosine: 0.6, clusters: 3 }] },
    metrics: {
      learned: figures(learned),
      contentOnly: figures(contentOnly),
      warmStart: input.warmStart && figures(warmStart),
      lossByEpoch: [0.2, 0.1],
      hardNegatives: { used: true, share: 0.97, reason: null },
      pairs: 40,
      examples: 80,
      seconds: 1.5,
      steps: { graph: 0.5, training: 1 },
    },
  };
}

/** What one retraining reads and writes, in memory. */
export interface Retraining {
  readonly state: LogState;
  readonly written: RecordedWrites;
  /** States with which releases ended. */
  readonly ended: string[];
  readonly warnings: { items?: number; first?: string[] }[];
  readonly inputs: TrainInput[];
  readonly companions: string[];
  readonly hardNegatives: boolean[];
  readonly ports: RetrainingPorts;
  act(itemId: string, change?: Partial<UserAction>): void;
  /** Two items that users bought, and one that no user bought. */
  shop(): void;
}

/** A retraining whose training gives known vectors at once. */
export function aRetraining(): Retraining {
  const state = createLogState(CONFIG, SILENT, walkHere);
  const { written, publisher } = recordingPublisher();
  const ended: string[] = [];
  const warnings: Retraining['warnings'] = [];
  const inputs: TrainInput[] = [];
  const companions: string[] = [];
  const hardNegatives: boolean[] = [];
  const ports: RetrainingPorts = {
    state,
    config: CONFIG,
    log: { info: () => {}, warn: (fields: object) => void warnings.push(fields) },
    metrics: {
      ended: (release: Release) => void ended.push(release.state),
      walked: () => {},
      hardNegatives: ({ used }: { used: boolean }) => void hardNegatives.push(used),
      companion: (...noted: string[]) => void companions.push(noted.join(' ')),
    },
    publisher,
    now: () => NOW,
    train: async (input) => {
      inputs.push(input);
      return trained(input);
    },
  };
  function act(itemId: string, change: Partial<UserAction> = {}): void {
    state.actions.add(logged(anAction({ itemId, occurredAt: NOW, ...change })));
  }
  function shop(): void {
    for (const itemId of ['tea', 'nail', 'mate']) state.catalogue.apply(itemId, someItem(itemId));
    act('tea', { occurredAt: NOW - DAY });
    act('tea');
    act('nail');
  }
  return { state, written, ended, warnings, inputs, companions, hardNegatives, ports, act, shop };
}
