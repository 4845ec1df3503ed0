import { basename } from 'node:path';
import { ACTIONS_RETENTION_MS } from '#topics/catalog.ts';
import type { ConvertedRow } from '../data/converted-rows.ts';
import type { DatasetAction } from '../data/dataset.ts';
import type { Gateway, ReceivedVerdict } from '../data/gateway.ts';
import { enqueueAll, LANES } from '../data/load.ts';
import { type ActionScan, type OwnActions, scanActions, validActions } from '../data/own-actions.ts';
import type { Progress } from '../data/progress.ts';
import type { Reject } from '../data/rows.ts';
import { createSender } from '../data/sender.ts';
import { shifted, shiftToEndAt } from '../data/shift.ts';
import { FileError } from '../data/text-file.ts';
import {
  createVerdictLine,
  type FileIdentity,
  type LoadCheckpoint,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';

export interface LoadActionsPorts {
  readonly gateway: Gateway;
  readonly reject: Reject;
  readonly say: (line: string) => void;
  readonly progress: (title: string, total: number) => Progress;
  /** File of the checkpoint. */
  readonly checkpoint: string;
  readonly now: () => number;
}

export interface LoadActionsOptions {
  readonly shift: boolean;
  readonly fromStart: boolean;
  readonly keepGoing: boolean;
  readonly dryRun: boolean;
}

export interface LoadedActions {
  readonly scan: ActionScan;
  /** Line after which an interrupted load was resumed; 0 for a load from the start. */
  readonly resumedAfter: number;
  readonly acknowledged: number;
  /** Rows that the gateway rejected. */
  readonly rejected: number;
  /** Milliseconds by which all times were moved. */
  readonly shiftMs: number;
  /** Of a dry run: rows whose moved times lie beyond the default retention of `actions`. */
  readonly beyondRetention?: number;
}

/** Time between two lines of progress of the first reading, in milliseconds. */
const SAY_EVERY_MS = 5_000;
const CHECKPOINT_EVERY_MS = 1_000;
/** Verdicts from which it shows that the gateway will reject most rows. */
const TRIAL_VERDICTS = 1_000;

/**
 * Loads a file of actions in constant memory: one reading finds what is wrong with it, a second one sends. After each second the
 * row up to which all have verdicts is noted, and a load that was interrupted resumes there.
 *
 * @throws FileError if the file is unusable as a whole, or the gateway rejects most of its first rows; an error of the gateway
 */
export async function loadActions(
  own: OwnActions,
  file: FileIdentity,
  options: LoadActionsOptions,
  ports: LoadActionsPorts,
): Promise<LoadedActions> {
  const { reject, say, now } = ports;
  const start = options.fromStart ? undefined : readCheckpoint(ports.checkpoint, file);
  // Also when a load resumes, so that its report names every row that was left out.
  const scan = await scanActions(own, reject, sayRows(say, now));
  const shift =
    start?.shift ?? (options.shift && scan.newest !== null ? shiftToEndAt(scan.newest, now()) : 0);
  const outcome = { scan, resumedAfter: start?.line ?? 0, shiftMs: shift };
  const rows = validActions(own, scan, reject);
  if (options.dryRun) {
    let beyondRetention = 0;
    const kept = oldestKept(now());
    // Reading also names the rows whose times are absurd.
    for await (const { element } of rows) if (element.occurredAt + shift < kept) beyondRetention += 1;
    return { ...outcome, acknowledged: 0, rejected: 0, beyondRetention };
  }
  if (start !== undefined) {
    say(
      `An earlier load stopped after line ${start.line} and is resumed there; --from-start loads all again`,
    );
  }
  const counts = await sendRows({ own, rows, scan, shift, start, file }, options, ports);
  removeCheckpoint(ports.checkpoint);
  return { ...outcome, ...counts };
}

interface Sending {
  readonly own: OwnActions;
  readonly rows: AsyncIterable<ConvertedRow<DatasetAction>>;
  readonly scan: ActionScan;
  readonly shift: number;
  readonly start: LoadCheckpoint | undefined;
  readonly file: FileIdentity;
}

async function sendRows(
  { own, rows, scan, shift, start, file }: Sending,
  { keepGoing }: Pick<LoadActionsOptions, 'keepGoing'>,
  ports: LoadActionsPorts,
): Promise<{ acknowledged: number; rejected: number }> {
  const verdicts = createVerdictLine(start);
  const newest = (scan.newest ?? 0) + shift;
  const trial = createTrial(basename(own.path), keepGoing, (code, remedy) => {
    if (code !== 'time.past') return `${remedy} --keep-going loads the rest.`;
    return [
      ...(shift === 0 ? ['--shift moves all times, so that the newest action is now.'] : []),
      remedy,
      // The log keeps none of a file that is too old as a whole.
      ...(newest < oldestKept(ports.now()) ? [] : ['--keep-going loads those rows that the log keeps.']),
    ].join(' ');
  });
  let noted = ports.now();
  const note = () => writeCheckpoint(ports.checkpoint, { file, shift, ...verdicts.done });
  const settle = (row: Row, verdict: ReceivedVerdict) => {
    verdicts.settled(row.line, verdict.status === 'accepted');
    trial(verdict);
    if (verdict.status === 'rejected') {
      const { code, field = code, reason } = verdict.error;
      ports.reject({ file: basename(own.path), line: row.line, field, reason: `${reason} (${code})` });
    }
    if (ports.now() - noted < CHECKPOINT_EVERY_MS) return;
    noted = ports.now();
    note();
  };
  const sender = createSender<Row>({
    post: ports.gateway.postActions,
    keyOf: ({ element }) => element.userId,
    jsonOf: ({ element }) => JSON.stringify(shifted(element, shift)),
    lanes: LANES,
    onAccepted: settle,
    onRejected: settle,
  });
  const progress = ports.progress('actions', scan.valid);
  const before = verdicts.done.acknowledged + verdicts.done.rejected;
  try {
    await enqueueAll(after(rows, start?.line ?? 0, verdicts.sent), sender, {
      update: (done) => progress.update(before + done),
      stop: () => undefined,
    });
  } finally {
    progress.stop();
    // Also after a failure, so that the next load resumes here.
    note();
  }
  const { acknowledged, rejected } = verdicts.done;
  return { acknowledged, rejected };
}

type Row = ConvertedRow<DatasetAction>;

async function* after(
  rows: AsyncIterable<Row>,
  line: number,
  onRow: (line: number) => void,
): AsyncIterable<Row> {
  for await (const row of rows) {
    if (row.line <= line) continue;
    onRow(row.line);
    yield row;
  }
}

/** @returns the oldest event time that the log keeps by default, in milliseconds since the epoch */
function oldestKept(now: number): number {
  return now - ACTIONS_RETENTION_MS;
}

/**
 * @param remedyOf the whole remedy, from the code and the remedy of the gateway
 * @returns a function that throws as soon as most of the first rows were rejected for one reason
 */
function createTrial(
  file: string,
  keepGoing: boolean,
  remedyOf: (code: string, remedy: string) => string,
): (verdict: ReceivedVerdict) => void {
  const rejected = new Map<string, number>();
  let seen = 0;
  return (verdict) => {
    if (keepGoing || seen >= TRIAL_VERDICTS) return;
    seen += 1;
    if (verdict.status === 'accepted') return;
    const { code, reason, remedy = '' } = verdict.error;
    rejected.set(code, (rejected.get(code) ?? 0) + 1);
    if (seen < TRIAL_VERDICTS || rejected.get(code)! * 2 <= seen) return;
    throw new FileError(
      `${file}: the gateway rejects ${rejected.get(code)} of the first ${seen} rows with ${code}: ${reason}. ${remedyOf(code, remedy)}`,
    );
  };
}

function sayRows(say: (line: string) => void, now: () => number): (rows: number) => void {
  let said = now();
  return (rows) => {
    if (rows % 10_000 !== 0 || now() - said < SAY_EVERY_MS) return;
    said = now();
    say(`${rows} rows checked`);
  };
}
