import { CentroidSpace } from './incremental-centroids.ts';
import { RowRing } from './row-ring.ts';

/**
 * The memory of a run, which a caller keeps for the next one: what it holds only spares work. It grows to the
 * largest n seen, about 8·n·(n + dim) bytes beside the ring.
 */
export class ForestWorkspace extends CentroidSpace {
  readonly ring: RowRing;
  /** Lower bounds on the distance of an unsettled cluster (row) to every other (column). */
  bounds = new Float64Array(0);
  /** By unsettled slot: no other cluster is nearer than this. */
  least = new Float64Array(0);
  /** By unsettled slot: the cluster exactly that near, or −1 while `least` is but a bound. */
  nearest = new Int32Array(0);
  nodeOf = new Int32Array(0);
  /** By slot: node of the forest before, or −1 where the cluster is unsettled or gone. */
  oldNode = new Int32Array(0);
  /** By node of the forest before: its slot while it is a settled living cluster, else −1. */
  slotOf = new Int32Array(0);
  left = new Int32Array(0);
  right = new Int32Array(0);
  squaredHeight = new Float64Array(0);

  /** @param ringBytes memory for the vectors of users clustered lately */
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
