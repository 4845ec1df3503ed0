import { itemSpaceFormat } from './places.ts';

/** Name of the artefact that holds the hybrid vectors of the items: retrain writes it, propose reads it. */
export const HYBRID = 'hybrid';

export const HYBRID_FORMAT = itemSpaceFormat(HYBRID);
