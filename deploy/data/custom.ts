import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { convertedRows } from './converted-rows.ts';
import { type Dataset, type DatasetAction, type DatasetItem, range } from './dataset.ts';
import { type Mapping, parseMapping } from './mapping.ts';
import { scanActions, validActions } from './own-actions.ts';
import { collectRejections, type RejectedRows } from './rejections.ts';
import { toItem } from './row-conversion.ts';
import type { Reject } from './rows.ts';
import { surveyFiles } from './survey.ts';

export interface CustomFiles {
  readonly actions: string;
  /** Without a catalogue, items are ids only. */
  readonly items?: string;
  readonly mapping?: string;
}

export interface CustomDataset extends Dataset {
  /** Valid actions of the file, those beyond the limit included. */
  readonly found: number;
  readonly rejections: RejectedRows;
  /** A line for each file of which columns stay unused. */
  readonly unused: readonly string[];
}

export interface CustomOptions {
  /** Number of last actions to keep. Default: all. */
  readonly limit?: number;
  /** The present, in milliseconds since the epoch. */
  readonly now?: number;
}

/**
 * Reads a user's own actions and items from CSV or JSON files, see `readRows`. An invalid row is counted and left out;
 * reading continues. At most two times `limit` actions are held in memory, because they are sorted by event time. An action
 * without an id gets `FILE:LINE`, so that loading the same file twice counts it once.
 *
 * @throws MappingError for an invalid mapping; FileError if a file is unusable as a whole; an error of the file system
 */
export async function openCustom(files: CustomFiles, options: CustomOptions = {}): Promise<CustomDataset> {
  const { limit = Number.POSITIVE_INFINITY, now = Date.now() } = options;
  const mapping = await readMapping(files.mapping);
  const unused = await surveyFiles(files, mapping, now);
  const rejections = collectRejections();
  const file = basename(files.actions);
  const own = { path: files.actions, mapping, idPrefix: file, now };
  const scan = await scanActions(own, rejections.add);
  let actions: DatasetAction[] = [];
  for await (const { element } of validActions(own, scan, rejections.add)) {
    actions.push(element);
    if (actions.length >= Math.max(1_000, 2 * limit)) actions = latest(actions, limit);
  }
  const items: DatasetItem[] = [];
  if (files.items !== undefined) {
    for await (const item of readItems(files.items, mapping, rejections.add)) items.push(item);
  }
  const used = latest(actions, limit);
  return {
    name: 'custom',
    title: `your own data (${file})`,
    actionCount: used.length,
    found: scan.valid,
    actions: (from, to) => range(used, from, to),
    items: () => range(items),
    rejections: rejections.result,
    unused,
  };
}

/** @throws MappingError for an invalid mapping; an error of the file system */
export async function readMapping(path: string | undefined): Promise<Mapping> {
  return path === undefined ? {} : parseMapping(await readFile(path, 'utf8'), path);
}

/**
 * Reads the items of a user's own file, in constant memory.
 * @throws FileError if the file is unusable as a whole; an error of the file system
 */
export async function* readItems(path: string, mapping: Mapping, reject: Reject): AsyncIterable<DatasetItem> {
  const convert = (row: Parameters<typeof toItem>[0]) => toItem(row, mapping.items ?? {});
  for await (const { element } of convertedRows('items', path, mapping, reject, convert)) yield element;
}

/** The last `limit` actions, ascending by time. */
function latest(actions: DatasetAction[], limit: number): DatasetAction[] {
  const sorted = actions.sort((a, b) => a.occurredAt - b.occurredAt);
  return limit >= sorted.length ? sorted : sorted.slice(sorted.length - limit);
}
