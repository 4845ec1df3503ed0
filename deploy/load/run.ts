import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { finished } from 'node:stream/promises';
import { ACTIONS_RETENTION_MS } from '#topics/catalog.ts';
import { readItems, readMapping } from '../data/custom.ts';
import { connectGateway, type Gateway } from '../data/gateway.ts';
import { loadItems } from '../data/load.ts';
import { joinMappings, type Mapping } from '../data/mapping.ts';
import { showProgress } from '../data/progress.ts';
import { collectRejections, describeRejections, type RejectedRows } from '../data/rejections.ts';
import { lookAtFiles, surveyFiles } from '../data/survey.ts';
import { FileError } from '../data/text-file.ts';
import { checkpointName, identifyFile } from './checkpoint.ts';
import { type LoadedActions, loadActions } from './load-actions.ts';
import type { LoadCommandOptions } from './options.ts';

export interface LoadPorts {
  /** Folder for the checkpoints of loads that are interrupted. */
  readonly folder: string;
  readonly stream: NodeJS.WriteStream;
  readonly now: () => number;
  /** Answers a question with yes or no; undefined if nobody is there to answer. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

/** Options of which the gateway is known. */
export type LoadRun = LoadCommandOptions & { readonly gateway: string };

/** Time for a gateway that has not answered once, in milliseconds: it may just be starting. */
const FIRST_ANSWER_MS = 10_000;

export interface LoadSummary {
  readonly gateway: string;
  readonly dryRun: boolean;
  readonly items: { readonly sent: number; readonly acknowledged: number; readonly rejected: number } | null;
  readonly actions: LoadedActions | null;
  /** Rows that were left out, by this command or by the gateway. */
  readonly leftOut: RejectedRows;
  /** A line for each file of which columns stay unused. */
  readonly unused: readonly string[];
  /** The mapping that the files seem to need, where `--propose` asked for it. */
  readonly proposed?: Mapping;
  readonly seconds: number;
}

/**
 * Loads the files of the options. A file that can be read in a way that only its owner can confirm is asked about.
 * @throws FileError or MappingError for an unusable file; an error of the gateway or the file system
 */
export async function runLoad(options: LoadRun, ports: LoadPorts): Promise<LoadSummary> {
  let mapping = withFormat(await readMapping(options.mapping), options.format);
  if (options.propose !== undefined) return await proposeInto(options.propose, mapping, options, ports);
  for (;;) {
    try {
      return await loadWith(mapping, options, ports);
    } catch (error) {
      const proposal = error instanceof FileError ? error.proposal : undefined;
      if (proposal === undefined || ports.ask === undefined || !(await ports.ask(proposal.question)))
        throw error;
      mapping = joinMappings(mapping, proposal.mapping);
    }
  }
}

async function loadWith(mapping: Mapping, options: LoadRun, ports: LoadPorts): Promise<LoadSummary> {
  const { stream, now } = ports;
  const started = now();
  const report = options.report === undefined ? undefined : createWriteStream(options.report);
  const rejections = collectRejections((rejection) => report?.write(`${JSON.stringify(rejection)}\n`));
  const say = (line: string) => void stream.write(`  ${line.replaceAll('\n', '\n  ')}\n`);
  const gateway = connectGateway({
    url: options.gateway,
    firstAnswerMs: FIRST_ANSWER_MS,
    onWaiting: (problem, waitedMs) =>
      say(
        `The gateway at ${options.gateway} ${problem}; waited ${Math.round(waitedMs / 1000)} s, and it is tried again`,
      ),
  });
  try {
    const unused = await surveyFiles(options, mapping, now());
    for (const line of unused) say(line);
    const items =
      options.items === undefined
        ? null
        : await loadCatalogue(options.items, mapping, options.dryRun, gateway, rejections.add);
    if (items !== null && !options.dryRun) say(`${items.acknowledged} of ${items.sent} items acknowledged`);
    let actions: LoadedActions | null = null;
    if (options.actions !== undefined) {
      const path = options.actions;
      const file = await identifyFile(path);
      const idPrefix = options.idPrefix ?? `${basename(path)}-${file.head}`;
      const { shift } = options;
      const name = checkpointName([resolve(path), options.gateway, mapping, idPrefix, shift]);
      actions = await loadActions({ path, mapping, idPrefix, now: now() }, file, options, {
        gateway,
        reject: rejections.add,
        say,
        progress: (title, total) => showProgress(title, total, stream),
        checkpoint: join(ports.folder, name),
        now,
      });
    }
    if (rejections.result.count > 0) say(describeRejections(rejections.result));
    const seconds = Math.round((now() - started) / 100) / 10;
    const { gateway: url, dryRun } = options;
    return { gateway: url, dryRun, items, actions, leftOut: rejections.result, unused, seconds };
  } finally {
    report?.end();
    if (report !== undefined) await finished(report);
    await gateway.close();
  }
}

/** Writes the mapping that the files seem to need; it contains the present one. */
async function proposeInto(
  path: string,
  mapping: Mapping,
  options: LoadRun,
  ports: LoadPorts,
): Promise<LoadSummary> {
  const started = ports.now();
  const { gaps, proposal, unused } = await lookAtFiles(options, mapping, started);
  const proposed = joinMappings(mapping, proposal);
  await writeFile(path, `${JSON.stringify(proposed, null, 2)}\n`);
  const lines = [
    ...gaps.map(({ sentence }) => sentence),
    ...unused,
    `The mapping is in ${path}: look at it, then give --mapping ${path}`,
  ];
  for (const line of lines) ports.stream.write(`  ${line}\n`);
  return {
    gateway: options.gateway,
    dryRun: true,
    items: null,
    actions: null,
    leftOut: collectRejections().result,
    unused,
    proposed,
    seconds: Math.round((ports.now() - started) / 100) / 10,
  };
}

async function loadCatalogue(
  path: string,
  mapping: Mapping,
  dryRun: boolean,
  gateway: Gateway,
  reject: Parameters<typeof readItems>[2],
): Promise<NonNullable<LoadSummary['items']>> {
  const items = readItems(path, mapping, reject);
  if (!dryRun) {
    const onRejected = (itemId: string, reason: string) =>
      reject({ file: basename(path), line: 0, field: 'item', reason: `${itemId}: ${reason}` });
    const { sent, acknowledged, rejected } = await loadItems(items, gateway, undefined, onRejected);
    return { sent, acknowledged, rejected };
  }
  let sent = 0;
  for await (const _ of items) sent += 1;
  return { sent, acknowledged: 0, rejected: 0 };
}

function withFormat(mapping: Mapping, { encoding, ...times }: LoadCommandOptions['format']): Mapping {
  return {
    ...mapping,
    ...(encoding !== undefined && { encoding }),
    ...(Object.keys(times).length > 0 && { actions: { ...mapping.actions, ...times } }),
  };
}

/** Describes a summary for people. */
export function renderLoad(summary: LoadSummary): string {
  const { dryRun, items, actions, leftOut, gateway, seconds, proposed } = summary;
  if (proposed !== undefined) return JSON.stringify(proposed);
  const lines: string[] = [];
  if (items !== null && dryRun) lines.push(`${items.sent} items would be loaded`);
  if (actions !== null) {
    const { scan, acknowledged, rejected, shiftMs } = actions;
    const date = (at: number | null) => (at === null ? '–' : new Date(at + shiftMs).toISOString());
    const types = Object.entries(scan.types).map(([type, count]) => `${count} ${type}`);
    const span = `from ${date(scan.oldest)} to ${date(scan.newest)}`;
    lines.push(
      dryRun
        ? `${scan.valid} actions would be loaded ${span}: ${types.join(', ') || 'none'}`
        : `${acknowledged} actions are in the log ${span}, ${rejected} were rejected by the gateway`,
    );
    lines.push(...tooOld(actions));
  }
  lines.push(`${leftOut.count} rows were left out`);
  if (!dryRun) lines.push(`${gateway} answered within ${seconds} s`);
  return lines.join('\n');
}

/** Warns after a dry run of rows that a gateway with the default retention rejects. */
function tooOld({ beyondRetention = 0, scan, shiftMs }: LoadedActions): string[] {
  if (beyondRetention === 0) return [];
  const remedy =
    shiftMs === 0
      ? '--shift moves all times, so that the newest action is now; or lengthen the retention first'
      : 'Lengthen the retention first';
  return [
    `${beyondRetention} of these ${scan.valid} actions are older than the ${ACTIONS_RETENTION_MS / 86_400_000} days for which the log keeps actions by default, ` +
      `and the gateway rejects such actions. ${remedy}: \`npm run topics -- apply --retention actions=DAYS\`.`,
  ];
}

/** Asks on a terminal. */
export async function askOnTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
