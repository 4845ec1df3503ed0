import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Beginning of a file by which it is recognised, in bytes: a log that has grown is still the same log. */
const HEAD_BYTES = 4_096;

export interface FileIdentity {
  /** Eight hexadecimal digits of the beginning of the file. */
  readonly head: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

/** How far a load has come: every row up to `line` has a verdict. */
export interface LoadCheckpoint {
  readonly file: FileIdentity;
  /** Added to all times, in milliseconds. */
  readonly shift: number;
  readonly line: number;
  /** Rows of each outcome so far, those behind `line` not included. */
  readonly acknowledged: number;
  readonly rejected: number;
}

export async function identifyFile(path: string): Promise<FileIdentity> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 8);
    const { size, mtimeMs } = await stat(path);
    return { head, bytes: size, changedAt: Math.floor(mtimeMs) };
  } finally {
    await handle.close();
  }
}

/** @param parts everything on which the rows depend that a load sends: path, gateway, mapping, options */
export function checkpointName(parts: unknown): string {
  return `${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}.json`;
}

/** @returns undefined if no load of this very file was interrupted */
export function readCheckpoint(path: string, file: FileIdentity): LoadCheckpoint | undefined {
  try {
    const checkpoint = JSON.parse(readFileSync(path, 'utf8')) as LoadCheckpoint;
    const { head, bytes, changedAt } = checkpoint.file;
    return head === file.head && bytes === file.bytes && changedAt === file.changedAt
      ? checkpoint
      : undefined;
  } catch {
    // Absent, or from another version: the load begins at the first row, and each action still counts once.
    return undefined;
  }
}

export function writeCheckpoint(path: string, checkpoint: LoadCheckpoint): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.next`, JSON.stringify(checkpoint));
  renameSync(`${path}.next`, path);
}

export function removeCheckpoint(path: string): void {
  rmSync(path, { force: true });
}

/** Verdicts come out of order; this counts up to which row all are there. */
export interface VerdictLine {
  sent(line: number): void;
  /** @param isAccepted whether the row is in the log */
  settled(line: number, isAccepted: boolean): void;
  /** The last line before which, and with which, every sent row has a verdict, and the rows of each outcome up to it. */
  readonly done: { readonly line: number; readonly acknowledged: number; readonly rejected: number };
}

export function createVerdictLine(start: LoadCheckpoint | undefined): VerdictLine {
  /** Rows without a verdict before them, in the order of the file; its size is that of the queue of the sender. */
  const open = new Map<number, boolean | undefined>();
  const done = {
    line: start?.line ?? 0,
    acknowledged: start?.acknowledged ?? 0,
    rejected: start?.rejected ?? 0,
  };
  return {
    done,
    sent: (line) => void open.set(line, undefined),
    settled(line, isAccepted) {
      open.set(line, isAccepted);
      for (const [first, outcome] of open) {
        if (outcome === undefined) return;
        open.delete(first);
        done.line = first;
        if (outcome) done.acknowledged += 1;
        else done.rejected += 1;
      }
    },
  };
}
