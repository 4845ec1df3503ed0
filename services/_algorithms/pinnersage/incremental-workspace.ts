import { CentroidSpace } from './incremental-centroids.ts';
import { RowRing } from './row-ring.ts';

/**
 * Memory of a run, which a caller keeps for the next one. Its content only saves work. It grows to the largest n
 * used, about 8·n·(n + dim) bytes beside the ring.
 */
export class ForestWorkspace extends CentroidSpace {
  readonly ring: RowRing;
  /** Lower bounds on the distance of an unsettled cluster (row) to every other (column). */
  bounds = new Float64Array(0);
  /** By unsettled slot: lower bound on the distance to the nearest other cluster. */
  least = new Float64Array(0);
  /** By unsettled slot: the cluster at exactly that distance, or −1 while `least` is only a bound. */
  nearest = new Int32Array(0);
  nodeOf = new Int32Array(0);
  /** By slot: node of the previous forest, or −1 if the cluster is unsettled or was merged into another. */
  oldNode = new Int32Array(0);
  /** By node of the previous forest: its slot while it is a settled existing cluster, else −1. */
  slotOf = new Int32Array(0);
  left = new Int32Array(0);
  right = new Int32Array(0);
  squaredHeight = new Float64Array(0);

  /** @param ringBytes memory for the vectors of recently clustered users */
  constructor(ringBytes?: number) {
    super();
    this.ring = new RowRing(ringBytes);
  }

  reserve(leaves: number, oldNodes: number): void {
    if (this.slotOf.length < oldNodes) this.slotOf = new Int32Array(2 * oldNodes);
    if (this.least.length >= leaves) return;
    const capacity = Math.ceil(1.25 * leaves);
    this.bounds = new Float64Array(capacity * capacity);
    this.least = new Float64Array(capacity);
    this.squaredHeight = new Float64Array(capacity);
    for (const name of ['nearest', 'nodeOf', 'oldNode', 'left', 'right'] as const) {
      this[name] = new Int32Array(capacity);
    }
  }
}
