import { epsilonGreedy } from './epsilon-greedy.ts';
import { fixed } from './fixed.ts';
import { greedy } from './greedy.ts';
import { linUcb } from './lin-ucb.ts';
import { plackettLuce } from './plackett-luce.ts';
import type { PolicyDefinition } from './policy.ts';
import { thompson } from './thompson.ts';

/** All policies that TRIBUTARY_RERANK_POLICY can name; the first is the default. */
export const POLICIES: readonly PolicyDefinition[] = [
  thompson,
  plackettLuce,
  epsilonGreedy,
  linUcb,
  greedy,
  fixed,
];
