import { BinaryFormatError } from '#algorithms/binary.ts';
import { gatherEvidence, likedItems, type WindowEvidence } from '#algorithms/pinnersage/evidence.ts';
import type { Clustering } from '#algorithms/pinnersage/incremental-clustering.ts';
import { decodeClustering, encodeClustering } from '#algorithms/pinnersage/incremental-codec.ts';
import { readWindow, recluster } from '#algorithms/pinnersage/incremental-interests.ts';
import { ForestWorkspace } from '#algorithms/pinnersage/incremental-workspace.ts';
import type { WindowInterests } from '#algorithms/pinnersage/interests.ts';
import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import type { InterestsConfig } from './config.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

/** The evidence of a window and its clustering in one space. Each change makes a new object. */
export interface UserClusters {
  readonly evidence: WindowEvidence;
  readonly space: EmbeddingSpace;
  /** Undefined where no liked item has a vector. */
  readonly clustering: Clustering | undefined;
}

/** The interests of a window, and its clusters, from which the next clustering starts. */
export interface ClusteredWindow extends WindowInterests {
  readonly clusters: UserClusters | undefined;
}

const MIB = 1_048_576;
/** Share of the memory for cached users that holds their vectors where the kernel reads them. */
export const RING_SHARE = 1 / 8;

/** Clusters the windows of one process, one at a time, so that they can share one workspace. */
export class Clusterer {
  readonly #config: InterestsConfig;
  readonly #workspace: ForestWorkspace;

  constructor(config: InterestsConfig) {
    this.#config = config;
    this.#workspace = new ForestWorkspace(config.hotUsersMib * MIB * RING_SHARE);
  }

  /**
   * Clusters a window, starting from its former clustering if that was made in the same space.
   * @param space the served one; undefined before the first, when a window has no interests
   * @param now stream time in ms, to which importance decays
   */
  async cluster(
    window: ActionWindow,
    before: UserClusters | undefined,
    space: EmbeddingSpace | undefined,
    now: number,
  ): Promise<ClusteredWindow> {
    if (space === undefined) return { medoids: [], unknownItems: 0, clusters: undefined };
    const clustering = before?.space === space ? before.clustering : undefined;
    const reading = readWindow(window, { evidence: before?.evidence, clustering }, this.#config);
    const vectorOf = await space.vectorsOf(reading.added.map(({ itemId }) => itemId));
    const at = { alpha: space.alpha, now };
    const { medoids, unknownItems, ...next } = recluster(reading, clustering, vectorOf, at, this.#workspace);
    const clusters = { space, evidence: reading.evidence, clustering: next.clustering };
    return { medoids, unknownItems, clusters };
  }

  /**
   * Decodes the clusters that were stored with a window. A stored clustering only saves work.
   * @returns undefined where it does not fit: the window is then clustered again from the beginning
   */
  async restore(
    window: ActionWindow,
    bytes: Uint8Array,
    space: EmbeddingSpace,
  ): Promise<UserClusters | undefined> {
    if (bytes.length === 0) return undefined;
    const evidence = gatherEvidence(window, this.#config);
    const liked = likedItems(evidence);
    const vectorOf = await space.vectorsOf(liked.map(({ itemId }) => itemId));
    try {
      const clustering = decodeClustering(bytes, liked, vectorOf);
      return clustering && { space, evidence, clustering };
    } catch (error) {
      if (error instanceof BinaryFormatError) return undefined;
      throw error;
    }
  }
}

/** Encodes a clustering; no bytes where there is none. */
export function encodeClusters(clusters: UserClusters | undefined): Uint8Array {
  return clusters?.clustering ? encodeClustering(clusters.clustering) : new Uint8Array(0);
}
