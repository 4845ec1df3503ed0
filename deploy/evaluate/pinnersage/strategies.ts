import { cut, type Dendrogram } from '#algorithms/pinnersage/dendrogram.ts';
import {
  gatherEvidence,
  type ItemEvidence,
  importanceOf,
  likedItems,
} from '#algorithms/pinnersage/evidence.ts';
import { medoid } from '#algorithms/pinnersage/medoid.ts';
import type { WeightedPoints } from '#algorithms/pinnersage/points.ts';
import { sampleByImportance } from '#algorithms/pinnersage/sample.ts';
import { createWardWorkspace, ward } from '#algorithms/pinnersage/ward.ts';
import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import type { Random } from '#algorithms/random.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { completeLinkage, createCompleteLinkageWorkspace, kMeans } from './partitions.ts';
import type { Embedding } from './retrieval.ts';

/** Turns a user's window into the embeddings that represent the user. */
export interface Strategy {
  readonly name: string;
  /** Throws if an item of the window has no vector. Rows have length 1; there is at least one. */
  readonly represent: (window: ActionWindow, now: number, random: Random) => Embedding[];
}

/** Labels of the points. @param tree Ward's dendrogram of them, which is computed only where it is used */
type Partition = (points: WeightedPoints, random: Random, tree: () => Dendrogram) => Int32Array;

/** Ward's dendrogram of the items of a window. @param once whether each item counts once */
type Dendrograms = (window: ActionWindow, once: boolean, points: WeightedPoints) => Dendrogram;

interface Clustering {
  readonly partition: Partition;
  readonly centroid?: boolean;
  readonly lambdaPerDay?: number;
  /** Clusters sampled by importance. */
  readonly sampled?: number;
  /** Whether an item counts once in clusters and medoids, however often it was taken; its importance counts each time. */
  readonly once?: boolean;
}

const PAPER_LAMBDA = 0.01;
const PAPER_CLUSTERS = 5;

/**
 * The strategies of PinnerSage (KDD 2020, Tables 3 and 4) that need no trained sequence model. Complete linkage gets
 * as many clusters per window as Ward, since one height would have different meanings for the two. Three clusters are
 * sampled unless the name states otherwise. Ten medoids, items
 * that count once and a coarser cut are not in the paper.
 */
export function createStrategies(vectors: VectorTable, alpha: number): Strategy[] {
  const dendrogramOf = rememberDendrograms();
  const completeWorkspace = createCompleteLinkageWorkspace();
  const wards: Partition = (_points, _random, tree) => cut(tree(), alpha);
  const complete: Partition = (points, random, tree) =>
    completeLinkage(points, 1 + Math.max(...wards(points, random, tree)), completeWorkspace);
  const clustered = (name: string, clustering: Clustering): Strategy => ({
    name,
    represent: (window, now, random) =>
      representClusters({ window, now, random, vectors, dendrogramOf }, clustering),
  });
  return [
    { name: 'last item', represent: ({ actions }) => [embeddingOf(vectors, actions.at(-1)!.itemId)] },
    {
      name: 'decayed average',
      represent: (window, now) => [{ vector: decayedAverage(window, now, vectors) }],
    },
    clustered('one medoid', { partition: wards, sampled: 1 }),
    clustered('k-means (5)', { partition: (points, random) => kMeans(points, PAPER_CLUSTERS, random) }),
    clustered('complete linkage', { partition: complete }),
    clustered('centroid', { partition: wards, centroid: true }),
    clustered('λ = 0', { partition: wards, lambdaPerDay: 0 }),
    clustered('λ = 0.1', { partition: wards, lambdaPerDay: 0.1 }),
    clustered('Ward + medoid, λ = 0.01', { partition: wards }),
    clustered('the same, an item counts once', { partition: wards, once: true }),
    clustered('ten medoids', { partition: wards, sampled: 10 }),
    clustered('ten medoids, an item counts once', { partition: wards, sampled: 10, once: true }),
    clustered('α = 2', { partition: (_points, _random, tree) => cut(tree(), 2) }),
  ];
}

/** The strategies follow one another on the same window, so that the dendrograms of the last one are enough. */
function rememberDendrograms(): Dendrograms {
  const workspace = createWardWorkspace();
  let last: ActionWindow | undefined;
  const known = new Map<boolean, Dendrogram>();
  return (window, once, points) => {
    if (window !== last) known.clear();
    last = window;
    const dendrogram = known.get(once) ?? ward(points, workspace);
    known.set(once, dendrogram);
    return dendrogram;
  };
}

function representClusters(
  {
    window,
    now,
    random,
    vectors,
    dendrogramOf,
  }: {
    readonly window: ActionWindow;
    readonly now: number;
    readonly random: Random;
    readonly vectors: VectorTable;
    readonly dendrogramOf: Dendrograms;
  },
  { partition, centroid = false, lambdaPerDay = PAPER_LAMBDA, sampled = 3, once = false }: Clustering,
): Embedding[] {
  const items = evidence(window, lambdaPerDay);
  const counted = stack(items, vectors);
  const points = once ? { ...counted, weights: items.map(() => 1) } : counted;
  const tree = () => dendrogramOf(window, once, points);
  const clusters = membersByLabel(partition(points, random.fork('partition'), tree));
  const importances = clusters.map((members) =>
    members.reduce((sum, member) => sum + importanceOf(items[member]!, now, lambdaPerDay), 0),
  );
  return sampleByImportance(importances, sampled, random.fork('sample')).map((cluster) =>
    centroid
      ? { vector: unitMean(points, clusters[cluster]!, ({ size }) => size, items) }
      : embeddingOf(vectors, items[medoid(points, clusters[cluster]!)]!.itemId),
  );
}

function decayedAverage(window: ActionWindow, now: number, vectors: VectorTable): Float32Array {
  const items = evidence(window, PAPER_LAMBDA);
  const weightOf = (item: ItemEvidence): number => importanceOf(item, now, PAPER_LAMBDA);
  return unitMean(stack(items, vectors), [...items.keys()], weightOf, items);
}

function evidence(window: ActionWindow, lambdaPerDay: number): readonly ItemEvidence[] {
  return likedItems(gatherEvidence(window, { actionWeights: { buy: 1 }, lambdaPerDay }));
}

function stack(items: readonly ItemEvidence[], vectors: VectorTable): WeightedPoints {
  const dim = vectors.dimension;
  const points = new Float32Array(items.length * dim);
  items.forEach(({ itemId }, i) => {
    points.set(embeddingOf(vectors, itemId).vector, i * dim);
  });
  return { points, weights: items.map(({ size }) => size), dim };
}

function embeddingOf(vectors: VectorTable, itemId: string): Required<Embedding> {
  const row = vectors.rowOf(itemId);
  if (row === undefined) throw new RangeError(`Item ${itemId} has no vector`);
  return { vector: vectors.at(row), row };
}

function membersByLabel(labels: Int32Array): number[][] {
  const byLabel = Map.groupBy(labels.keys(), (member) => labels[member]!);
  return [...byLabel.values()];
}

function unitMean(
  { points, dim }: WeightedPoints,
  members: readonly number[],
  weightOf: (item: ItemEvidence) => number,
  items: readonly ItemEvidence[],
): Float32Array {
  const mean = new Float32Array(dim);
  for (const member of members) {
    const weight = weightOf(items[member]!);
    for (let d = 0; d < dim; d++) mean[d]! += weight * points[member * dim + d]!;
  }
  normaliseInPlace(mean);
  return mean;
}
