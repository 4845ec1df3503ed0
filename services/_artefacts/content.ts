import { itemSpaceFormat } from './places.ts';

/** Name of the artefact that holds the content of the items as vectors: retrain writes it, propose reads it. */
export const CONTENT = 'content';

export const CONTENT_FORMAT = itemSpaceFormat(CONTENT);
