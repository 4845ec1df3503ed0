import { behaviour } from './behaviour.ts';
import { boughtAgain } from './bought-again.ts';
import { combiner } from './combiner.ts';
import { content } from './content.ts';
import { hybrid } from './hybrid.ts';
import { medoidNeighbours } from './medoid-neighbours.ts';
import { places } from './places.ts';
import type { Proposer } from './proposer.ts';
import { sequence } from './sequence.ts';
import { sessionNeighbours } from './session-neighbours.ts';
import { sessionTransitions } from './session-transitions.ts';
import { trending } from './trending.ts';
import { trendingByCategory } from './trending-by-category.ts';

/** Every proposal model, a line each. `TRIBUTARY_PROPOSERS` chooses among them. */
export const PROPOSERS: readonly Proposer[] = [
  medoidNeighbours,
  behaviour,
  combiner,
  places,
  content,
  hybrid,
  sequence,
  sessionNeighbours,
  sessionTransitions,
  trending,
  trendingByCategory,
  boughtAgain,
];
