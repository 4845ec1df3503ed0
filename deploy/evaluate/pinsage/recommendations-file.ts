import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Purchases } from '../../data/purchases.ts';
import { cacheFolder } from '../../local/parts/cache.mjs';
import type { Recommendations } from './scores.ts';
import type { TemporalSplit } from './split.ts';

/** Writes the lists into the cache as user, item and rank from 1. @returns the path of the file */
export function writeRecommendations(
  name: string,
  recommended: Recommendations,
  { itemIds }: TemporalSplit,
  { userIds }: Pick<Purchases, 'userIds'>,
): string {
  const lines = ['user,item,rank'];
  for (const [user, items] of recommended) {
    items.forEach((item, place) => {
      lines.push(`${userIds[user]},${itemIds[item]},${place + 1}`);
    });
  }
  const folder = join(cacheFolder(process.env), 'evaluate');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
