import { openCompletejourney } from '../data/completejourney.ts';
import { describeRejections, openCustom } from '../data/custom.ts';
import { type Dataset, lastOf } from '../data/dataset.ts';
import { openMovielens } from '../data/movielens.ts';
import { ensureDataset } from '../datasets.ts';
import type { DemoOptions } from './options.ts';

/** The data that the options ask for, brought if need be; rows of a user's own files that were left out are told. */
export async function openDataset(
  { dataset, files, limit }: Pick<DemoOptions, 'dataset' | 'files' | 'limit'>,
  say: (line: string) => void,
): Promise<Dataset> {
  if (files === undefined) {
    const folder = await ensureDataset(dataset);
    return lastOf(await (dataset === 'ml-100k' ? openMovielens(folder) : openCompletejourney(folder)), limit);
  }
  const custom = await openCustom(files);
  if (custom.rejections.count > 0) say(describeRejections(custom.rejections));
  return lastOf(custom, limit);
}
