import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';

/** The part of the graph that one convolution needs, in positions of the layer below. */
export interface SubgraphLayer {
  /** Number of items whose latents it computes; they come first, in the same order, in the layer below. */
  readonly count: number;
  /** count × T positions in the layer below; 0 with a weight of 0 if an item has fewer neighbours. */
  readonly neighbours: Int32Array;
  /** count × T importances. */
  readonly weights: Float32Array;
}

/** Everything on which the latents of a few items depend. */
export interface Subgraph {
  /** Distinct items whose features are read. The targets come first. */
  readonly inputs: Int32Array;
  /** First convolution first. */
  readonly layers: readonly SubgraphLayer[];
}

export interface SubgraphBuilder {
  /** `targets` must contain each item once. */
  build(targets: Int32Array, layerCount: number): Subgraph;
}

/** Re-indexes the neighbourhood of a mini-batch (PinSage, KDD 2018, §3.3), with marks reused between batches. */
export function createSubgraphBuilder(neighbourhoods: Neighbourhoods): SubgraphBuilder {
  const { size, neighbours, weights } = neighbourhoods;
  const positionOf = new Int32Array(neighbours.length / size).fill(-1);

  function expand(targets: Int32Array): { below: Int32Array; layer: SubgraphLayer } {
    const count = targets.length;
    const positions = new Int32Array(count * size);
    const importances = new Float32Array(count * size);
    const below = new Int32Array(Math.min(positionOf.length, count * (size + 1)));
    below.set(targets);
    let length = count;
    for (let t = 0; t < count; t++) positionOf[targets[t]!] = t;
    for (let t = 0; t < count; t++) {
      for (let rank = 0; rank < size; rank++) {
        const source = targets[t]! * size + rank;
        const neighbour = neighbours[source]!;
        if (neighbour < 0) break;
        if (positionOf[neighbour]! < 0) {
          positionOf[neighbour] = length;
          below[length++] = neighbour;
        }
        positions[t * size + rank] = positionOf[neighbour]!;
        importances[t * size + rank] = weights[source]!;
      }
    }
    const used = below.subarray(0, length);
    for (const item of used) positionOf[item] = -1;
    return { below: used, layer: { count, neighbours: positions, weights: importances } };
  }

  function build(targets: Int32Array, layerCount: number): Subgraph {
    const layers: SubgraphLayer[] = [];
    let inputs = targets;
    for (let layer = 0; layer < layerCount; layer++) {
      const expanded = expand(inputs);
      layers.unshift(expanded.layer);
      inputs = expanded.below;
    }
    return { inputs, layers };
  }

  return { build };
}
