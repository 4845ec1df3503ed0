import { SetupError } from './parts/setup-error.mjs';
import { ProcessFailedError } from './processes.ts';

/** Ends a command line: what its user can mend is told by its message alone, a defect with its stack. */
export function exitWithFailure(error: unknown): never {
  console.error(isMendable(error) ? `\n${error.message}` : error);
  process.exit(1);
}

/** `parseArgs` names the option that it does not know. */
function isMendable(error: unknown): error is Error {
  if (error instanceof SetupError || error instanceof ProcessFailedError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
