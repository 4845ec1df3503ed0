import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import type { FeatureLayout } from '#algorithms/pinsage/features.ts';
import type { Tables } from '#artefacts/tables.ts';
import type { TrainInput, TrainResult } from '../training/train.ts';

/** What a companion learns from: the input of the training, and PinSage as it was trained before. */
export interface CompanionInput
  extends Pick<
    TrainInput,
    'itemCount' | 'features' | 'structure' | 'actions' | 'groups' | 'sequenceNetwork' | 'combinerHorizon'
  > {
  /** Where the columns of the features are. */
  readonly layout: FeatureLayout;
  /** PinSage's embeddings, the places that they were computed from, and the factors of behaviour. */
  readonly trained: Pick<TrainResult, 'embeddings' | 'places'> & {
    readonly behaviour: BehaviourFactors;
    /** Of these factors; the usual one by default. */
    readonly regularisation?: number;
  };
  /** Tables of the companions that were trained before, by model; one that was left out is missing. */
  readonly earlier: ReadonlyMap<string, Tables>;
  readonly seed: number;
}

/** Facts about a training, as JSON has them. */
export type Facts = Readonly<Record<string, number | string | boolean | readonly number[]>>;

export interface CompanionModel {
  readonly tables: Tables;
  readonly facts: Facts;
  /** Why the model must not be served, such as figures below those of popularity; the generation is then released without it. */
  readonly leftOut?: string;
}

/**
 * A model that is trained beside PinSage from the same actions, and released, served and withdrawn with its generation (decision
 * 0049). `registry.ts` lists them; each has a file of its own in this folder.
 */
export interface Companion {
  /** Name of its artefact, by which the stage propose reads it. */
  readonly model: string;
  /** @throws Error if there is nothing to learn from, or learning diverges: the generation is then released without the model */
  train(input: CompanionInput): Promise<CompanionModel> | CompanionModel;
}

/** A companion after its training, by item number. */
export interface TrainedCompanion {
  readonly model: string;
  /** Without it the model is left out, for the reason in `leftOut`. */
  readonly tables?: Tables;
  readonly leftOut?: string;
  readonly facts: Facts;
  readonly seconds: number;
  /** Memory of the process after the training, MiB. */
  readonly mib: number;
}

/** Trains the companions one after another; the failure of one keeps no other from its training, and PinSage from being released. */
export async function trainCompanions(
  companions: readonly Companion[],
  input: Omit<CompanionInput, 'earlier'>,
): Promise<TrainedCompanion[]> {
  const trained: TrainedCompanion[] = [];
  const earlier = new Map<string, Tables>();
  for (const companion of companions) {
    const startedAt = performance.now();
    const outcome = await outcomeOf(companion, { ...input, earlier });
    if (outcome.tables !== undefined) earlier.set(companion.model, outcome.tables);
    const seconds = (performance.now() - startedAt) / 1_000;
    const mib = Math.round(process.memoryUsage().rss / 1_048_576);
    trained.push({ model: companion.model, ...outcome, seconds, mib });
  }
  return trained;
}

async function outcomeOf(
  companion: Companion,
  input: CompanionInput,
): Promise<Pick<TrainedCompanion, 'tables' | 'facts' | 'leftOut'>> {
  try {
    const { tables, facts, leftOut } = await companion.train(input);
    if (leftOut !== undefined) return { facts, leftOut };
    const odd = Object.keys(tables).find((name) => !tables[name]!.values.every(Number.isFinite));
    return odd === undefined ? { tables, facts } : { facts, leftOut: `the table ${odd} is not finite` };
  } catch (error) {
    return { facts: {}, leftOut: error instanceof Error ? error.message : String(error) };
  }
}
