/** The history of the verification: the end of the demo's grocery baskets, as the files of the component `history`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openCompletejourney } from '../../../data/completejourney.ts';
import { collect, type Dataset, lastOf } from '../../../data/dataset.ts';
import { ensureDataset } from '../../../data/datasets.ts';

export interface HistoryFiles {
  readonly actions: number;
  readonly items: number;
  /** Somebody of whom there are actions. */
  readonly userId: string;
}

/** Writes actions.csv.gz and items.csv.gz with the last `count` actions of the demo. */
export async function writeHistory(folder: string, count: number): Promise<HistoryFiles> {
  const dataset = await openCompletejourney(await ensureDataset('completejourney'));
  return writeHistoryOf(folder, lastOf(dataset, count));
}

/** Writes actions.csv.gz and items.csv.gz of a whole data set that fits into memory. */
export async function writeHistoryOf(folder: string, dataset: Dataset): Promise<HistoryFiles> {
  const actions = await collect(dataset.actions());
  const items = await collect(dataset.items());
  mkdirSync(folder, { recursive: true });
  const files = {
    actions: [
      'userId,itemId,type,occurredAt,contextId',
      ...actions.map(({ userId, itemId, type, occurredAt, contextId }) =>
        [userId, itemId, type, occurredAt, contextId].join(','),
      ),
    ],
    items: ['itemId,title', ...items.map(({ itemId, title }) => `${itemId},${quoted(title)}`)],
  };
  for (const [name, lines] of Object.entries(files))
    writeFileSync(join(folder, `${name}.csv.gz`), gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
  return { actions: actions.length, items: items.length, userId: actions.at(-1)!.userId };
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
