import type { Random } from '#algorithms/random.ts';
import type { TopicName } from '#topics/catalog.ts';
import type { World } from './world.ts';

/** Replaces a part of a stage, to show that the checkers notice: a plant is a bug that was put there on purpose. */
export type Seam = <T>(name: string, real: T) => T;

export const noPlant: Seam = (_name, real) => real;

export interface Staging {
  readonly world: World;
  readonly random: Random;
  readonly seam: Seam;
  /** When the faults end, ms. The inputs end then too. */
  readonly until: number;
}

/** Stages with what they read, and what must be true of them when all is calm again. */
export interface Scenario {
  readonly name: string;
  readonly topics: readonly TopicName[];
  /** Topics of which one fault makes all anew at once; none if there are no such faults. */
  readonly anew: readonly TopicName[];
  /** Largest difference of the clock of a process from the true one, ms. */
  readonly clockShiftMs: number;
  /** Time without faults after which everything must be done, ms. */
  readonly calmMs: number;
  /** Starts the processes and the inputs. @returns what the checkers find in the end, in words */
  begin(staging: Staging): Promise<() => Promise<string[]>>;
}
