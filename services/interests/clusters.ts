import { BinaryFormatError } from '#algorithms/binary.ts';
import { gatherEvidence, likedItems, type WindowEvidence } from '#algorithms/pinnersage/evidence.ts';
import type { Clustering } from '#algorithms/pinnersage/incremental-clustering.ts';
import { decodeClustering, encodeClustering } from '#algorithms/pinnersage/incremental-codec.ts';
import { readWindow, recluster } from '#algorithms/pinnersage/incremental-interests.ts';
import { ForestWorkspace } from '#algorithms/pinnersage/incremental-workspace.ts';
import type { WindowInterests } from '#algorithms/pinnersage/interests.ts';
import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import type { InterestsConfig } from './config.ts';
import type { ServedVectors } from './served-vectors.ts';

/** What a window was read to say, how it is clustered, and in which vectors; replaced with each change, never changed. */
export interface UserClusters {
  readonly evidence: WindowEvidence;
  readonly served: ServedVectors;
  /** Undefined where no liked item has a vector. */
  readonly clustering: Clustering | undefined;
}

export interface Clustered {
  readonly medoids: WindowInterests['medoids'];
  readonly unknownItems: number;
  readonly clusters: UserClusters | undefined;
}

const MIB = 1_048_576;
/** Of the memory for users at hand, what goes to their vectors where the kernel reads them. */
export const RING_SHARE = 1 / 8;

/** Clusters the windows of one process, one at a time, so that all can share the memory it takes. */
export class Clusterer {
  readonly #config: InterestsConfig;
  readonly #workspace: ForestWorkspace;

  constructor(config: InterestsConfig) {
    this.#config = config;
    this.#workspace = new ForestWorkspace(config.hotUsersMib * MIB * RING_SHARE);
  }

  /**
   * The interests of a window, going on from how it was clustered before if that was in the same vectors.
   * @param now stream time in ms, to which importance decays
   */
  async cluster(
    window: ActionWindow,
    before: UserClusters | undefined,
    served: ServedVectors | undefined,
    now: number,
  ): Promise<Clustered> {
    if (served === undefined) return { medoids: [], unknownItems: 0, clusters: undefined };
    const clustering = before?.served === served ? before.clustering : undefined;
    const reading = readWindow(window, { evidence: before?.evidence, clustering }, this.#config);
    const vectorOf = await served.vectorsOf(reading.added.map(({ itemId }) => itemId));
    const at = { alpha: served.alpha, now };
    const { medoids, unknownItems, ...next } = recluster(reading, clustering, vectorOf, at, this.#workspace);
    const clusters = { served, evidence: reading.evidence, clustering: next.clustering };
    return { medoids, unknownItems, clusters };
  }

  /**
   * The clusters of a window as they were stored with it. Undefined where they cannot be gone on from: the clustering
   * only spares work, so that what does not fit is made anew.
   */
  async restore(
    window: ActionWindow,
    bytes: Uint8Array,
    served: ServedVectors,
  ): Promise<UserClusters | undefined> {
    if (bytes.length === 0) return undefined;
    const evidence = gatherEvidence(window, this.#config);
    const liked = likedItems(evidence);
    const vectorOf = await served.vectorsOf(liked.map(({ itemId }) => itemId));
    try {
      const clustering = decodeClustering(bytes, liked, vectorOf);
      return clustering && { served, evidence, clustering };
    } catch (error) {
      if (error instanceof BinaryFormatError) return undefined;
      throw error;
    }
  }
}

/** No bytes where there is nothing to go on from. */
export function encodeClusters(clusters: UserClusters | undefined): Uint8Array {
  return clusters?.clustering ? encodeClustering(clusters.clustering) : new Uint8Array(0);
}
