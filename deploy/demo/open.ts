import { openCompletejourney } from '../data/completejourney.ts';
import { type CustomDataset, openCustom } from '../data/custom.ts';
import { type Dataset, lastOf } from '../data/dataset.ts';
import { ensureDataset } from '../data/datasets.ts';
import { fileFailure } from '../data/file-failure.ts';
import { openMovielens } from '../data/movielens.ts';
import { describeRejections } from '../data/rejections.ts';
import type { DemoOptions } from './options.ts';

/**
 * Opens the data set of the options, downloading it if necessary; rows of a user's own files that were left out are
 * printed.
 */
export async function openDataset(
  { dataset, files, limit }: Pick<DemoOptions, 'dataset' | 'files' | 'limit'>,
  say: (line: string) => void,
): Promise<Dataset> {
  if (files === undefined) {
    const folder = await ensureDataset(dataset);
    return lastOf(await (dataset === 'ml-100k' ? openMovielens(folder) : openCompletejourney(folder)), limit);
  }
  const custom = await openCustom(files, { limit }).catch(refuse);
  for (const line of custom.unused) say(line);
  if (custom.rejections.count > 0) say(describeRejections(custom.rejections));
  if (custom.found > custom.actionCount) {
    say(`The latest ${custom.actionCount} of ${custom.found} actions are used; --limit all uses all`);
  }
  return lastOf(custom, limit);
}

/** An error in a user's own files is printed without a stack. */
function refuse(error: unknown): CustomDataset {
  throw fileFailure(error) ?? error;
}
