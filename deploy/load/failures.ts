import { fileFailure } from '../data/file-failure.ts';
import { GatewayError } from '../data/gateway.ts';
import { SetupError } from '../local/parts/setup-error.mjs';

const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ECONNRESET'];

/** Turns an error that the user can act on into one sentence with the remedy; any other is a defect and stays as it is. */
export function loadFailure(error: unknown): unknown {
  const ofFile = fileFailure(error);
  if (ofFile !== undefined) return ofFile;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const resume = 'run the same command again: it resumes where it stopped';
  if (UNREACHABLE.includes(code)) {
    return new SetupError(
      `The gateway does not answer (${code})`,
      `Check --gateway, or start one (npm run demo); then ${resume}`,
    );
  }
  if (error instanceof GatewayError) return new SetupError(message, `Correct that, then ${resume}`);
  return error;
}
