import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { type Dataset, type DatasetAction, type DatasetItem, range } from './dataset.ts';

/**
 * Reads MovieLens 100k: 100,000 ratings of 1,682 films by 943 people. The value of a `rate` is the number of stars.
 *
 * @param folder with ml-100k.inter and ml-100k.item in RecBole's layout (tab-separated, one heading line)
 */
export async function openMovielens(folder: string): Promise<Dataset> {
  const actions = await readRatings(join(folder, 'ml-100k.inter'));
  return {
    name: 'ml-100k',
    title: 'film ratings (MovieLens 100k)',
    actionCount: actions.length,
    actions: (from, to) => range(actions, from, to),
    async *items() {
      for await (const row of rows(join(folder, 'ml-100k.item'))) yield toItem(row);
    },
  };
}

async function readRatings(file: string): Promise<DatasetAction[]> {
  const actions: DatasetAction[] = [];
  for await (const [userId = '', itemId = '', stars, seconds] of rows(file)) {
    const eventId = `ml-${actions.length}`;
    const [value, occurredAt] = [Number(stars), Number(seconds) * 1000];
    actions.push({ eventId, userId, itemId, type: 'rate', occurredAt, value });
  }
  return actions.sort((a, b) => a.occurredAt - b.occurredAt);
}

function toItem([itemId = '', title = '', year = '', genres = '']: readonly string[]): DatasetItem {
  return {
    itemId,
    title: year === '' ? natural(title) : `${natural(title)} (${year})`,
    categories: genres.split(' ').filter((genre) => genre !== ''),
    attributes: year === '' ? {} : { year },
  };
}

/** `Mask, The` → `The Mask`. */
function natural(title: string): string {
  return title.replace(/^(.*), (The|A|An)$/, '$2 $1');
}

/** Cells are separated by tabs and never quoted, so a quotation mark in a title is an ordinary character. */
function rows(file: string): AsyncIterable<string[]> {
  return createReadStream(file).pipe(
    parse({ delimiter: '\t', quote: false, fromLine: 2, relaxColumnCount: true }),
  );
}
