import type { Companion } from './companion.ts';
import { placesCompanion } from './places.ts';

/** Every model that can be trained beside PinSage, a line each. `TRIBUTARY_RETRAIN_MODELS` chooses among them. */
export const COMPANIONS: readonly Companion[] = [placesCompanion];

/** Names of their artefacts. */
export const COMPANION_NAMES: readonly string[] = COMPANIONS.map(({ model }) => model);
