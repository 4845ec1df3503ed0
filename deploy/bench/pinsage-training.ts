import * as tf from '@tensorflow/tfjs-node';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { packed } from '#algorithms/pinsage/graph.ts';
import type { ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import type { Adjacency } from '#algorithms/pinsage/row-arena.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { optimise } from '../../services/retrain/training/optimise.ts';
import { createPlacer } from '../../services/retrain/training/places.ts';
import { prepareTraining } from '../../services/retrain/training/prepare.ts';
import { hardNegativesOf } from '../../services/retrain/training/steps.ts';
import type { TrainInput } from '../../services/retrain/training/train.ts';
import {
  DEFAULT_TRAIN_CONFIG,
  shapeOf,
  type TrainConfig,
} from '../../services/retrain/training/train-config.ts';
import { readPurchases } from '../data/purchases.ts';
import type { Figures } from '../figures/figures.ts';
import { RECIPE, trainingInput } from '../vectors/embeddings.ts';
import { startPythonPeer } from './peer.ts';

/** Short epochs, so that a run from random weights contains the whole curriculum of hard negatives. */
const CONFIG: TrainConfig = {
  ...DEFAULT_TRAIN_CONFIG,
  epochs: 4,
  examplesPerEpoch: 4_096,
  // The peer measures no held-out pairs.
  heldOutPairs: 0,
  secondsBudget: 3_600,
};
/** Epochs of a training in retrain, over which the cost of preparation is spread. */
const WHOLE_TRAINING = DEFAULT_TRAIN_CONFIG.epochs * DEFAULT_TRAIN_CONFIG.examplesPerEpoch;
const ROUNDS = 3;
/** Threads of OpenMP: the number with which the peer needs the least CPU time. */
const THREADS = [1, 2] as const;
/**
 * DGL's sampler takes a number of walks of a maximum length instead of a number of hops. With a probability of a half
 * to end after each hop, walks of at most four have 1.875 hops on average.
 */
const WALKS = { walkLength: 4, walks: Math.round(CONFIG.walkSteps / 1.875) };

interface Run {
  readonly cpuSeconds: number;
  readonly examples: number;
  readonly lossByEpoch: readonly number[];
}

interface OwnRun extends Run {
  /** CPU time of pairs, graph and walks. */
  readonly preparationSeconds: number;
}

type Config = Pick<TrainConfig, 'epochs'>;

/** A training in PyTorch whose neighbourhoods are walked by DGL for each batch, or are precomputed. */
type PeerRunner = (blocks: 'walks' | 'given', config: Config) => Promise<Run>;

/**
 * Training examples a CPU second beside the same model in PyTorch and DGL, on the graph of all products of
 * completejourney's whole year: medians over alternating trainings. `ratio` is relative to DGL's sampler as its users
 * run it, with our preparation included in our time; for `ratioPrecomputed` neighbourhoods are precomputed on both
 * sides, so that only the training itself counts. Hard negatives are computed within our time, and given to the peer.
 */
export async function measure(): Promise<Figures> {
  const recipe = { ...RECIPE, trainedShare: 1, minimumBuyers: 1, config: CONFIG };
  const { input } = trainingInput(await readPurchases(), recipe);
  const data = dataForPeer(input);
  const peers = await Promise.all(THREADS.map((threads) => startDgl(data, threads)));
  try {
    const walks = await choosePeer(peers, 'walks');
    const given = await choosePeer(peers, 'given');
    await trainOurs(input, { epochs: 1 });
    const runs = { ours: [] as OwnRun[], walks: [] as Run[], given: [] as Run[] };
    for (let round = 1; round <= ROUNDS; round++) {
      runs.ours.push(await trainOurs(input, CONFIG));
      runs.walks.push(await walks.run('walks', CONFIG));
      runs.given.push(await given.run('given', CONFIG));
      const rates = Object.entries(runs).map(([name, ran]) => `${name} ${rate(ran.at(-1)!).toFixed(0)}`);
      console.error(`  round ${round} of ${ROUNDS}, examples a CPU second: ${rates.join(', ')}`);
    }
    return {
      ...ratios(runs),
      lossByEpoch: Object.fromEntries(
        Object.entries(runs).map(([name, [first]]) => [name, lossColumns(first!.lossByEpoch)]),
      ),
      setting: {
        items: input.itemCount,
        actions: input.actions.item.length,
        examples: runs.ours[0]!.examples,
        threadsOfWalks: walks.threads,
        threadsOfGiven: given.threads,
      },
    };
  } finally {
    for (const { stop } of peers) await stop();
  }
}

function ratios({ ours, walks, given }: { ours: OwnRun[]; walks: Run[]; given: Run[] }): Figures {
  const perSecond = {
    ours: ours.map((run) => run.examples / (run.cpuSeconds + preparationOf(run))),
    oursPrepared: ours.map(rate),
    dglSampler: walks.map(rate),
    dglPrepared: given.map(rate),
  };
  const median = (rates: readonly number[]) => quantile(rates, 0.5);
  return {
    ratio: median(perSecond.ours) / median(perSecond.dglSampler),
    ratioPrecomputed: median(perSecond.oursPrepared) / median(perSecond.dglPrepared),
    examplesACpuSecond: Object.fromEntries(
      Object.entries(perSecond).map(([name, rates]) => [
        name,
        { median: median(rates), least: Math.min(...rates), most: Math.max(...rates) },
      ]),
    ),
    preparationSeconds: median(ours.map(({ preparationSeconds }) => preparationSeconds)),
  };
}

function lossColumns(losses: readonly number[]): Figures {
  return Object.fromEntries(losses.map((loss, i) => [`epoch ${i + 1}`, loss]));
}

function rate({ examples, cpuSeconds }: Run): number {
  return examples / cpuSeconds;
}

/** The run's share of the preparation of one training. */
function preparationOf({ preparationSeconds, examples }: OwnRun): number {
  return (preparationSeconds * examples) / WHOLE_TRAINING;
}

/** The work of the training child, with all its threads. */
async function trainOurs(
  { itemCount, features, structure, actions }: TrainInput,
  { epochs }: Config,
): Promise<OwnRun> {
  const random = createRandom(CONFIG.seed);
  const shape = shapeOf(CONFIG, { features: features.length / itemCount, structure });
  const initial = initialWeights(shape, random.fork('weights'));
  const beforePreparation = process.cpuUsage();
  const data = prepareTraining(itemCount, actions, CONFIG, random);
  const preparationSeconds = cpuSecondsSince(beforePreparation);
  const placer = createPlacer(data.before, { itemCount, structure }, random.fork('places'));
  const placed = tf.tensor2d(placer.place(features, data.before), [itemCount, shape.features]);
  const beforeTraining = process.cpuUsage();
  const { epochs: reports } = await optimise(
    { weights: initial, warm: false },
    { features: placed, structure },
    data,
    { ...CONFIG, epochs },
    () => {},
  );
  const cpuSeconds = cpuSecondsSince(beforeTraining);
  placed.dispose();
  return {
    cpuSeconds,
    preparationSeconds,
    examples: reports.at(-1)!.examples,
    lossByEpoch: reports.map(({ loss }) => loss),
  };
}

interface DglPeer {
  readonly threads: number;
  readonly run: PeerRunner;
  readonly stop: () => Promise<void>;
}

async function startDgl(data: DataForPeer, threads: number): Promise<DglPeer> {
  const peer = await startPythonPeer('peer:dgl', 'dgl_pinsage.py', {
    OMP_NUM_THREADS: String(threads),
    DGLBACKEND: 'pytorch',
  });
  await peer.ask(data);
  return { threads, run: (blocks, config) => peer.ask({ blocks, config }), stop: peer.stop };
}

/** One epoch of each, for warm-up. */
async function choosePeer(peers: readonly DglPeer[], blocks: 'walks' | 'given'): Promise<DglPeer> {
  const tried: { peer: DglPeer; rate: number }[] = [];
  for (const peer of peers) tried.push({ peer, rate: rate(await peer.run(blocks, { epochs: 1 })) });
  return tried.reduce((best, one) => (one.rate > best.rate ? one : best)).peer;
}

type DataForPeer = ReturnType<typeof dataForPeer>;

/** Graph, features and pairs as in our trainer, and the hard negatives of every item. */
function dataForPeer({ itemCount, features, structure, actions }: TrainInput) {
  const random = createRandom(CONFIG.seed);
  const data = prepareTraining(itemCount, actions, CONFIG, random);
  const { graph, neighbourhoods, pairs } = data;
  const placer = createPlacer(data.before, { itemCount, structure }, random.fork('places'));
  return {
    items: itemCount,
    structure,
    config: { ...CONFIG, ...WALKS },
    features: base64(placer.place(features, data.before)),
    contextsOfItem: adjacency(graph.contextsOfItem),
    itemsOfContext: adjacency(graph.itemsOfContext),
    neighbours: base64(neighbourhoods.neighbours),
    importances: base64(neighbourhoods.weights),
    query: base64(pairs.query),
    positive: base64(pairs.positive),
    hard: base64(hardCandidates(graph, random.fork('hard'))),
  };
}

/** n × size; −1 if an item has fewer. */
function hardCandidates(graph: ItemContextGraph, random: Random): Int32Array {
  const hard = hardNegativesOf(graph, CONFIG, random);
  const candidates = new Int32Array(graph.itemCount * hard.size).fill(-1);
  for (let item = 0; item < graph.itemCount; item++)
    candidates.set(hard.candidatesOf(item), item * hard.size);
  return candidates;
}

function adjacency(rows: Adjacency) {
  const { offsets, targets } = packed(rows);
  return { offsets: base64(offsets), targets: base64(targets) };
}

function base64({ buffer, byteOffset, byteLength }: Float32Array | Int32Array | Uint32Array) {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function cpuSecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}
