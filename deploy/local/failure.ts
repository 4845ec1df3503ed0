import { SetupError } from './parts/setup-error.mjs';
import { ProcessFailedError } from './processes.ts';

/** Ends a command line: what its user can mend is told by its message alone, a defect with its stack. */
export function exitWithFailure(error: unknown): never {
  const told = error instanceof SetupError || error instanceof ProcessFailedError;
  console.error(told ? `\n${error.message}` : error);
  process.exit(1);
}
