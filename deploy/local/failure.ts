import { TributaryError } from '#contracts/errors.ts';
import { SetupError } from './parts/setup-error.mjs';
import { ProcessFailedError } from './processes.ts';

/** Exits a command line: an error that the user can fix is printed as its message alone, a defect with its stack. */
export function exitWithFailure(error: unknown, exitCode = 1): never {
  console.error(isFixableByUser(error) ? `\n${error.message}` : error);
  process.exit(exitCode);
}

/** Returns whether `parseArgs` rejected an option; its message names the option. */
function isFixableByUser(error: unknown): error is Error {
  // An error of the product carries a code, and its message says what to do.
  if (error instanceof SetupError || error instanceof ProcessFailedError || error instanceof TributaryError)
    return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
