import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError } from './parts/setup-error.mjs';
import { folderOf, identify, isRunning, type ProcessIdentity } from './process-identity.ts';

export interface RunLock {
  /** Releases the lock; a second call does nothing. */
  release(): void;
}

/** Another live process holds the lock. */
export class RunLockedError extends SetupError {
  override readonly name = 'RunLockedError';
  readonly pid: number;

  constructor(path: string, pid: number) {
    const folder = folderOf(pid);
    super(
      `It is already running as process ${pid}${folder === undefined ? '' : ` in ${folder}`} (lock ${path})`,
      `Stop that one first: kill ${pid}. For a second one beside it, set TRIBUTARY_CACHE to another folder, where all parts are installed again`,
    );
    this.pid = pid;
  }
}

/**
 * Acquires the lock file `path` for this process. The lock of a process that has ended is taken over.
 * @throws {RunLockedError} while another process, or this one, holds it
 */
export function acquireRunLock(path: string): RunLock {
  mkdirSync(dirname(path), { recursive: true });
  const own = identify(process.pid)!;
  const draft = `${path}.${own.pid}`;
  // A hard link appears together with its content and fails if the name exists, so nobody ever reads half a lock.
  writeFileSync(draft, JSON.stringify(own));
  try {
    while (!tryLink(draft, path)) {
      const holder = readHolder(path);
      if (holder && isRunning(holder)) throw new RunLockedError(path, holder.pid);
      if (holder) removeStale(path, holder, `${draft}.stale`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  let held = true;
  return {
    release() {
      if (held) rmSync(path, { force: true });
      held = false;
    },
  };
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Between the reading of a stale lock and its removal another process may acquire it. Only one of two processes can
 * rename the file, and a process that finds a live lock after its rename puts the lock back.
 */
function removeStale(path: string, stale: ProcessIdentity, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = readHolder(aside);
  if (taken && (taken.pid !== stale.pid || taken.startTime !== stale.startTime)) tryLink(aside, path);
  rmSync(aside, { force: true });
}
