/**
 * A failure that whoever runs the command can mend. `problem` says what is missing and `remedy` what to do, both
 * without the closing full stop, because the part that failed adds its name and its own way out (see `of`).
 */
export class SetupError extends Error {
  constructor(problem, remedy) {
    super(`${problem}. ${remedy}.`);
    this.name = 'SetupError';
    this.problem = problem;
    this.remedy = remedy;
  }

  /** The same failure, told as that of a part. */
  of({ name, instead }) {
    return new SetupError(
      `${name}: ${this.problem}`,
      instead ? `${this.remedy}, or ${instead}` : this.remedy,
    );
  }
}

const DISK_FULL = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i;

/** Whether text printed by a child process, or an error code, means that a disk is full. */
export function meansDiskFull(text) {
  return DISK_FULL.test(text);
}

/** The error for a full disk; every part that writes into `folder` shares it. */
export function diskFull(folder) {
  return new SetupError(
    `the disk is full (working in ${folder})`,
    'Free some space, or set TRIBUTARY_CACHE to a folder on another disk',
  );
}

/** Turns system errors with a known remedy into a SetupError; anything else is a defect and stays as it is. */
export function asSetupError(error, folder) {
  if (error instanceof SetupError) return error;
  if (meansDiskFull(error?.code ?? '')) return diskFull(folder);
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(error?.code)) {
    return new SetupError(
      `${error.path ?? folder} cannot be written (${error.code})`,
      'Give this user the right to write there, or set TRIBUTARY_CACHE to a folder that can be written',
    );
  }
  return error;
}
