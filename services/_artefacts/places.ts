import { tableOf, tablesFormat } from './tables.ts';

/** Name of the artefact that holds the places of the items among the users: retrain writes it, propose reads it. */
export const PLACES = 'places';

/** Vectors of items in a space of their own. */
export interface ItemSpace {
  readonly itemIds: readonly string[];
  readonly dim: number;
  /** itemIds.length × dim, rows of length 1, or 0 for an item without a vector. */
  readonly units: Float32Array;
}

export const PLACES_FORMAT = itemSpaceFormat(PLACES);

/** The format of an artefact that holds nothing but vectors of items, in the table `units`. */
export function itemSpaceFormat(model: string) {
  return tablesFormat<ItemSpace>(model, ({ itemIds, tables }) => {
    const { columns, values } = tableOf(tables, 'units', itemIds.length);
    return { itemIds, dim: columns, units: values };
  });
}
