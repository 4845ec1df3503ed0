import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-node';
import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import type { ItemGroups } from '#algorithms/combiner/traits.ts';
import { bootstrapMean, type Estimate } from '#algorithms/evaluation/bootstrap.ts';
import { checkFeatures, type FeatureLayout } from '#algorithms/pinsage/features.ts';
import type { HardBand } from '#algorithms/pinsage/hard-band.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { initialWeights, type PinSageShape, type PinSageWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import type { SequenceNetworkKind } from '#algorithms/sequence/network.ts';
import { centreAndNormalise, isFiniteVector } from '#algorithms/vectors.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { CombinerHorizon } from '../trainers/combiner-choices.ts';
import type { Facts, TrainedCompanion } from '../trainers/companion.ts';
import { type AlphaSweep, sampleWindows, sweepAlpha } from './alpha.ts';
import { evaluateRetrieval, type RetrievalMetrics } from './evaluate.ts';
import { type CentredInference, embedCatalogue, type Infer, inferHere } from './infer.ts';
import { type EpochReport, type NewItemsJudged, optimise, type Start } from './optimise.ts';
import { anchorsOf, createPlacer, type PlaceAnchors, placesOf, withoutStructure } from './places.ts';
import { type HardNegativesUse, prepareTraining, wholeNeighbourhoods } from './prepare.ts';
import { type StepSeconds, Stopwatch } from './stopwatch.ts';
import { shapeOf, type TrainConfig } from './train-config.ts';
import { createVariables, variableList } from './variables.ts';

/** Weights of another training, with which this training begins. */
export interface WarmStart {
  /** Their shape must fit the features and the configuration. */
  readonly weights: PinSageWeights;
  /** Places of items of this training in the coordinates of the other one: the weights are valid in these coordinates only. */
  readonly anchors: PlaceAnchors;
}

export interface TrainInput {
  readonly itemCount: number;
  /** itemCount × f, row-major. */
  readonly features: Float32Array;
  /** Leading features, in [0, f], that the training overwrites with the items' places in the graph. */
  readonly structure: number;
  /** Where the columns of the features are; the companions read it. */
  readonly layout?: FeatureLayout;
  /** Positive actions; they give the graph and the training pairs. Each item index is below `itemCount`. */
  readonly actions: ActionColumns;
  /** Neighbourhoods of the published embeddings; without them they come from the graph of `actions`. */
  readonly neighbourhoods?: Neighbourhoods;
  readonly config: TrainConfig;
  /** Groups of the items by category, for models that are trained beside PinSage. */
  readonly groups?: ItemGroups;
  /** Network of the model of sequences; a gated recurrent unit by default. */
  readonly sequenceNetwork?: SequenceNetworkKind;
  /** Which choices the combiner learns to foresee: those of a user's next context by default. */
  readonly combinerHorizon?: CombinerHorizon;
  /** Names of the models that `trainInChild` trains beside PinSage; `trainPinSage` ignores them. */
  readonly companions?: readonly string[];
  /** Without it, training begins from random weights. */
  readonly warmStart?: WarmStart;
}

export interface TrainMetrics {
  /** Held-out pairs, by embeddings whose graph knows nothing of the held-out time. */
  readonly learned: RetrievalMetrics;
  /** The same pairs by cosine of the centred features alone. */
  readonly contentOnly: RetrievalMetrics;
  /** The same pairs by the weights that a warm start began with, over the same graph. */
  readonly warmStart: RetrievalMetrics | undefined;
  /** New items of users as they are served; undefined with too few users. */
  readonly newItems?: NewItemMetrics | undefined;
  readonly lossByEpoch: readonly number[];
  /** Where hard negatives were taken from; undefined for a training without them. */
  readonly hardBand?: HardBand | undefined;
  readonly hardNegatives: HardNegativesUse;
  /** Number of training pairs, and of queries that were trained on. */
  readonly pairs: number;
  readonly examples: number;
  /** Wall time of the whole run. */
  readonly seconds: number;
  /** Seconds of each step: graph, training, inference, measurement. */
  readonly steps: StepSeconds;
}

/** NDCG@10 of the items that users took for the first time in the held-out time. */
export interface NewItemMetrics {
  readonly users: number;
  readonly learned: number;
  /** By the weights of a warm start, and the paired difference with its 95 % interval. */
  readonly warmStart?: { readonly ndcg10: number; readonly gain: Estimate } | undefined;
}

export interface TrainResult {
  /** The factors of the users' behaviour; without them the generation has none. */
  readonly behaviour?: BehaviourFactors;
  /** Their figures on the held-out time; none with too few users. */
  readonly behaviourFacts?: Facts;
  /** Why they must not be served. */
  readonly behaviourLeftOut?: string;
  /** The models that were trained beside PinSage, in the order of the registry. */
  readonly companions?: readonly TrainedCompanion[];
  /** itemCount × dim, centred, rows of length 1; a row equal to the mean is 0. */
  readonly embeddings: Float32Array;
  /** They include the mean, which `embedNew` subtracts from a new item's embedding. */
  readonly weights: PinSageWeights;
  readonly neighbourhoods: Neighbourhoods;
  /** itemCount × structure: the places that the embeddings were computed from. */
  readonly places: Float32Array;
  /** itemCount × hidden for each convolution: the latents that the items with this neighbour pool. */
  readonly latents: readonly Float32Array[];
  /** Places of the most popular items, for a later training to begin with these weights. */
  readonly anchors: PlaceAnchors;
  /** The α of PinnerSage's clustering that goes with these embeddings. */
  readonly alpha: AlphaSweep;
  readonly metrics: TrainMetrics;
}

/** Users whose windows choose α, and the actions read of each: about a second of Ward. */
const WINDOW_USERS = 200;
const WINDOW_ACTIONS = 250;
/** Several for each of the 64 coordinates that they turn; 64 KiB of them. */
const ANCHORS = 256;

/**
 * Trains a PinSage (KDD 2018) and embeds the whole catalogue. The newest actions are held out of graph and pairs while
 * training and measuring; the published embeddings then see the graph of all actions. Repeatable under `config.seed`
 * as long as the seconds budget does not cut it short. It blocks its thread for seconds: stages call `trainInChild`.
 *
 * Rejects with `training.failed` if the actions contain no pairs, the loss diverges or all embeddings collapse into
 * one, with the error of `infer` if that fails, and with RangeError if features, indices or widths are out of range or a
 * warm start has another shape. Leaves no tensor behind.
 */
export async function trainPinSage(
  input: TrainInput,
  onProgress: (report: EpochReport) => void = () => {},
  infer: Infer = inferHere,
): Promise<TrainResult> {
  const { itemCount, features, structure, actions, config, warmStart } = input;
  const startedAt = performance.now();
  const stopwatch = new Stopwatch(() => performance.now());
  const width = features.length / itemCount;
  checkFeatures(features, itemCount, width);
  const random = createRandom(config.seed);
  const start = startOf(shapeOf(config, { features: width, structure }), warmStart, random.fork('weights'));
  const data = prepareTraining(itemCount, actions, config, random);
  const layout = { itemCount, structure };
  const placer = createPlacer(data.before, layout, random.fork('places'), warmStart?.anchors);

  const early = tf.tensor2d(placer.place(features, data.before), [itemCount, width]);
  const placed = placer.place(features, actions);
  stopwatch.lap('graph');
  try {
    const {
      weights,
      epochs,
      start: begun,
      newItems,
    } = await optimise(start, { features: early, structure }, data, config, onProgress);
    stopwatch.lap('training');
    const measured = embed(weights, early, data.neighbourhoods);
    const neighbourhoods = input.neighbourhoods ?? wholeNeighbourhoods(itemCount, actions, config, random);
    const { embeddings, latents } = await infer({ weights, features: placed, structure, neighbourhoods });
    const mean = Float32Array.from(centreAndNormalise(embeddings, config.dim));
    checkEmbeddings(embeddings);
    stopwatch.lap('inference');
    const windows = sampleWindows(actions, WINDOW_USERS, WINDOW_ACTIONS, random.fork('windows'));
    const alpha = sweepAlpha(embeddings, config.dim, windows);
    const content = withoutStructure(features, width, structure);
    centreAndNormalise(content, width);
    const learned = evaluateRetrieval(measured.embeddings, config.dim, data.heldOut);
    const contentOnly = evaluateRetrieval(content, width, data.heldOut);
    stopwatch.lap('measurement');
    const metrics = {
      learned,
      contentOnly,
      warmStart: begun,
      newItems: newItems && newItemMetrics(newItems, random.fork('gain')),
      lossByEpoch: epochs.map(({ loss }) => loss),
      hardBand: data.hardBand,
      hardNegatives: data.hardNegatives,
      pairs: data.pairs.query.length,
      examples: epochs.at(-1)?.examples ?? 0,
      seconds: (performance.now() - startedAt) / 1000,
      steps: stopwatch.seconds,
    };
    return {
      embeddings,
      weights: { ...weights, mean },
      neighbourhoods,
      places: placesOf(placed, layout),
      latents,
      anchors: anchorsOf(placed, layout, actions, ANCHORS),
      alpha,
      metrics,
    };
  } finally {
    early.dispose();
  }
}

function newItemMetrics({ learned, warmStart }: NewItemsJudged, random: Random): NewItemMetrics {
  const meanOf = (figures: Float64Array) => figures.reduce((sum, one) => sum + one, 0) / figures.length;
  const own = { users: learned.length, learned: meanOf(learned) };
  if (warmStart === undefined) return own;
  const gains = learned.map((figure, user) => figure - warmStart[user]!);
  return { ...own, warmStart: { ndcg10: meanOf(warmStart), gain: bootstrapMean([gains], random) } };
}

function startOf(shape: PinSageShape, warmStart: WarmStart | undefined, random: Random): Start {
  if (warmStart === undefined) return { weights: initialWeights(shape, random), warm: false };
  const { weights } = warmStart;
  if (!isDeepStrictEqual(weights.shape, shape)) {
    throw new RangeError(
      `Weights of shape ${JSON.stringify(weights.shape)} are not ${JSON.stringify(shape)}`,
    );
  }
  return { weights, warm: true };
}

function embed(
  weights: PinSageWeights,
  features: tf.Tensor2D,
  neighbourhoods: Neighbourhoods,
): CentredInference {
  const variables = createVariables(weights);
  const catalogue = embedCatalogue(variables, features, neighbourhoods);
  tf.dispose(variableList(variables));
  return catalogue;
}

function checkEmbeddings(embeddings: Float32Array): void {
  if (!isFiniteVector(embeddings)) {
    throw new TributaryError('training.failed', 'The trained weights give embeddings that are not finite');
  }
  if (embeddings.every((value) => value === 0)) {
    throw new TributaryError('training.failed', 'All items have the same embedding');
  }
}
