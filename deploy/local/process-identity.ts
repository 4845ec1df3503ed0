import { readFileSync, readlinkSync } from 'node:fs';

/** Identifies a process for its lifetime: the system reuses process ids, but not together with the start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine's start, as in /proc/PID/stat. */
  readonly startTime: string;
}

/** Returns the identity of a running process, or undefined if no process has this id. */
export function identify(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the command's name in parentheses and may contain spaces; the third field follows the last
  // ")".
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended and only waits for its parent to collect its exit code.
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, startTime: rest[18]! };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** Returns the folder in which a process runs, or undefined if it has ended or belongs to another user. */
export function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
