import type { HierarchicalNSW } from 'hnswlib-node';

/** The calls that typed-arrays.cc adds to the addon, over a graph of the package's own. */
export interface TypedArrays {
  /**
   * Inserts a vector under a label, or replaces the one that the label has.
   * @throws TypeError or RangeError that names the argument at fault, components that are not finite among them
   * @throws Error where the graph is full
   */
  addPoint(graph: HierarchicalNSW, vector: Float32Array, label: number): void;

  /**
   * Searches from n queries and fills the last three arrays.
   * @param queries n × dimension, row-major
   * @param labels n × k: of each query its neighbours, the nearest first
   * @param distances n × k: of the graph's space, which for `ip` is 1 − the inner product
   * @param counts n: how many neighbours each query has; places beyond that keep their former values
   * @throws TypeError or RangeError that names the argument at fault, components that are not finite among them
   */
  searchKnn(
    graph: HierarchicalNSW,
    queries: Float32Array,
    k: number,
    labels: Uint32Array,
    distances: Float32Array,
    counts: Uint32Array,
  ): void;
}

declare module 'hnswlib-node' {
  /** Missing where the addon was compiled without typed-arrays.cc, as by the package's own install script. */
  export const typedArrays: TypedArrays | undefined;
}

/** @throws Error with the remedy where the addon lacks the calls */
export function typedArraysOf(addon: { readonly typedArrays?: TypedArrays | undefined }): TypedArrays {
  if (addon.typedArrays !== undefined) return addon.typedArrays;
  throw new Error(
    'This hnswlib-node cannot take typed arrays. `npm run stage index` and `npm test` compile one that can.',
  );
}
