import { behaviour } from './behaviour.ts';
import { medoidNeighbours } from './medoid-neighbours.ts';
import { places } from './places.ts';
import type { Proposer } from './proposer.ts';
import { sessionNeighbours } from './session-neighbours.ts';
import { sessionTransitions } from './session-transitions.ts';
import { trending } from './trending.ts';

/** Every proposal model, a line each. `TRIBUTARY_PROPOSERS` chooses among them. */
export const PROPOSERS: readonly Proposer[] = [
  medoidNeighbours,
  behaviour,
  places,
  sessionNeighbours,
  sessionTransitions,
  trending,
];
