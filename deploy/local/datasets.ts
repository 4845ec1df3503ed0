import { bringParts } from './parts.mjs';

export type DatasetName = 'completejourney' | 'ml-100k';

/**
 * Brings a public data set into the cache unless it is there, and returns the folder with its files.
 *
 * @throws Error with one clear sentence when it cannot be downloaded or its checksum is wrong
 */
export async function ensureDataset(name: DatasetName): Promise<string> {
  const part = `data:${name}` as const;
  const { [part]: location } = await bringParts([part], { quiet: true });
  return location!.folder;
}
