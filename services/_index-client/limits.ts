/** Queries of one search. */
export const MAX_QUERIES = 1_000;
/** Neighbours of one query. */
export const MAX_NEIGHBOURS = 1_000;
/** Items of one request for vectors. */
export const MAX_VECTORS = 1_000;
/** Items of one request for catalogue entries. */
export const MAX_ITEMS = 5_000;
