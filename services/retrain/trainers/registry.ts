import { combinerCompanion } from './combiner.ts';
import type { Companion } from './companion.ts';
import { contentCompanion } from './content.ts';
import { hybridCompanion } from './hybrid.ts';
import { placesCompanion } from './places.ts';
import { sequenceCompanion } from './sequence.ts';

/** Every model that can be trained beside PinSage, a line each. `TRIBUTARY_RETRAIN_MODELS` chooses among them. */
export const COMPANIONS: readonly Companion[] = [
  placesCompanion,
  contentCompanion,
  hybridCompanion,
  sequenceCompanion,
  combinerCompanion,
];

/** Names of their artefacts. */
export const COMPANION_NAMES: readonly string[] = COMPANIONS.map(({ model }) => model);
