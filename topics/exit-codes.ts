/** The exit codes of the command lines. */
import { type ErrorCode, TributaryError } from '#contracts/errors.ts';

export const EXIT_CODES = {
  /** The command did what it was asked for; also at Ctrl-C, and when the reader of the output closes the pipe. */
  done: 0,
  /** The command failed; standard error has the reason in one sentence. */
  failed: 1,
  /** The words of the command line are wrong; nothing was done. */
  usage: 2,
  /** The command worked and found something that a person should look at, such as a fault or a rejected line. */
  findings: 3,
  /** A server did not answer; the same command may succeed later. */
  unreachable: 4,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0 done   1 failed, standard error has the reason   2 a word of the command line is wrong
  3 done, with findings or rejected lines   4 a server does not answer
`;

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'kafka.unreachable',
  'registry.unavailable',
  'redis.unreachable',
  'peer.unavailable',
]);

/** Returns the exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof TributaryError)) return EXIT_CODES.failed;
  if (error.code === 'topics.option') return EXIT_CODES.usage;
  return UNREACHABLE.has(error.code) ? EXIT_CODES.unreachable : EXIT_CODES.failed;
}
