import { EXIT_CODES } from '#topics/exit-codes.ts';
import { fileFailure } from '../data/file-failure.ts';
import { GatewayError } from '../data/gateway.ts';
import { SetupError } from '../local/parts/setup-error.mjs';

const UNREACHABLE = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
];
/** Answers of a gateway that is away or busy. */
const BUSY = [429, 502, 503, 504];

/** Returns the exit code of a load that ended with this error. */
export function loadExitCode(error: unknown): number {
  const { code = '', status = 0 } = error as { readonly code?: string; readonly status?: number };
  return UNREACHABLE.includes(code) || BUSY.includes(status) ? EXIT_CODES.unreachable : EXIT_CODES.failed;
}

/** Turns an error that the user can act on into one sentence with the remedy; any other is a defect and stays as it is. */
export function loadFailure(error: unknown, gateway: string): unknown {
  const ofFile = fileFailure(error);
  if (ofFile !== undefined) return ofFile;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const resume = 'run the same command again: it resumes where it stopped';
  if (UNREACHABLE.includes(code)) {
    return new SetupError(
      `The gateway at ${gateway} does not answer (${code})`,
      `Check --gateway, or start one (npm run demo, npm run stage gateway); then ${resume}`,
    );
  }
  if (error instanceof GatewayError) return new SetupError(message, `Correct that, then ${resume}`);
  return error;
}
