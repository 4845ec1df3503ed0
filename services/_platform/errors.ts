/** One list of error codes with what the reader can do; every error that leaves a stage carries one of them. */
export const ERROR_REMEDIES = {
  'config.invalid': 'Correct the listed settings; each line names the environment variable.',
  'kafka.unreachable': 'Check KAFKA_BROKERS and that the brokers are up.',
  'kafka.unacknowledged':
    'The brokers did not confirm a write; nothing was acknowledged to the caller, who may send again.',
  'redis.unreachable': 'Check REDIS_URL and that the server is up.',
  'handler.failed':
    'A stage met an unexpected error and stopped before its commit; see the log line, restart resumes.',
  'message.undecodable':
    'The bytes are no value of the topic’s schema: look with `npm run topics -- tail dead-letters`.',
  'message.invalid': 'The value breaks a rule of the stage: look with `npm run topics -- tail dead-letters`.',
  'stage.not-ready': 'The stage is starting, draining or waiting for a peer; try again shortly.',
  'peer.unavailable': 'Another stage did not answer; see its log and /readyz.',
  'body.malformed': 'Send well-formed JSON with content-type application/json.',
  'body.too-large': 'Send at most 1 MiB a request; split the batch.',
  'batch.too-large': 'Send at most 1,000 entries a request; split the batch.',
  'batch.empty': 'Send at least one entry.',
  'field.missing': 'Add the named field.',
  'field.invalid': 'Correct the named field as the reason says.',
  'time.future': 'Check the clock of the sender; times may be at most five minutes ahead.',
  'route.unknown': 'See /openapi.json for the routes.',
  'user.unknown': 'The user has no action in the window.',
  'item.unknown': 'The item has no vector in the served generation.',
  'index.empty': 'No generation is active yet; wait for the first retraining.',
  'generation.unknown': 'The index does not hold that generation (any more); ask again with the active one.',
  'retrain.running': 'A retraining is under way; wait for its end.',
  'release.refused': 'Nothing was written; do what the reason says, or choose another generation.',
  'training.failed': 'See the reason; the serving generation is untouched.',
} as const;

export type ErrorCode = keyof typeof ERROR_REMEDIES;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** The input field at fault, as a path such as `actions[3].itemId`. */
  readonly field?: string;
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean;
  /** HTTP status when it reaches a caller over HTTP. Default 500. */
  readonly status?: number;
}

/** The error of every stage: a code from the one list, a reason in words, and whether to try again. */
export class TributaryError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryable: boolean;
  readonly status: number;

  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}) {
    super(reason, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TributaryError';
    this.code = code;
    this.field = details.field;
    this.retryable = details.retryable ?? false;
    this.status = details.status ?? 500;
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return ERROR_REMEDIES[this.code];
  }
}

/** The message of anything thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
