/**
 * A failure that the user can fix. `problem` states the failure and `remedy` the action, both without a closing full
 * stop, because the part that failed adds its name and its own alternative (see `of`).
 */
export class SetupError extends Error {
  constructor(problem, remedy) {
    super(`${problem}. ${remedy}.`);
    this.name = 'SetupError';
    this.problem = problem;
    this.remedy = remedy;
  }

  /** Returns the same failure as that of a part. */
  of({ name, instead }) {
    return new SetupError(
      `${name}: ${this.problem}`,
      instead ? `${this.remedy}, or ${instead}` : this.remedy,
    );
  }
}

const DISK_FULL = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i;

/** Returns whether text printed by a child process, or an error code, means that a disk is full. */
export function meansDiskFull(text) {
  return DISK_FULL.test(text);
}

/** Returns the error for a full disk; every part that writes into `folder` uses it. */
export function diskFull(folder) {
  return new SetupError(
    `the disk is full (working in ${folder})`,
    'Free some space, or set TRIBUTARY_CACHE to a folder on another disk',
  );
}

/** Turns system errors with a known remedy into a SetupError; any other error is a defect and is returned unchanged. */
export function asSetupError(error, folder) {
  if (error instanceof SetupError) return error;
  if (meansDiskFull(error?.code ?? '')) return diskFull(folder);
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(error?.code)) {
    return new SetupError(
      `${error.path ?? folder} cannot be written (${error.code})`,
      'Give this user permission to write there, or set TRIBUTARY_CACHE to a folder that can be written',
    );
  }
  return error;
}
