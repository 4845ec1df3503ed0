import { bringParts } from '../local/parts.mjs';

export type DatasetName = 'completejourney' | 'ml-100k';

/**
 * Downloads a public data set into the cache unless it is there, and returns the folder with its files.
 * @throws Error with one sentence if the download fails or its checksum is wrong
 */
export async function ensureDataset(name: DatasetName): Promise<string> {
  const part = `data:${name}` as const;
  const { [part]: location } = await bringParts([part], { quiet: true });
  return location!.folder;
}
