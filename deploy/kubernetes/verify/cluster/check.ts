import type { ClusterWorld } from './world.ts';

/** One thing that must hold on a cluster. */
export interface ClusterCheck {
  readonly name: string;
  /** Whether every request for a slate must be answered meanwhile, because a pod that answers is always there. */
  readonly isSilent?: boolean;
  /** @throws Error that says what does not hold. @returns what was seen, if that is worth a line */
  run(world: ClusterWorld): Promise<string | undefined>;
}
