import type { ClusterCheck } from './check.ts';
import { FAULT_CHECKS } from './checks/faults.ts';
import { SCALING_CHECKS } from './checks/scaling.ts';
import { SEEING_CHECKS } from './checks/seeing.ts';
import { WALL_CHECKS } from './checks/walls.ts';

/** Everything that must hold on a cluster, in the order in which it is tried. */
export const CLUSTER_CHECKS: readonly ClusterCheck[] = [
  ...WALL_CHECKS,
  ...SEEING_CHECKS,
  ...FAULT_CHECKS,
  ...SCALING_CHECKS,
];
