import type { FastifyError } from 'fastify';
import { ERROR_REMEDIES, type ErrorCode, TributaryError } from '#contracts/errors.ts';
import { MAX_BODY_BYTES } from './json-body.ts';

/** An error as every HTTP response describes it. */
export interface DescribedError {
  readonly code: ErrorCode;
  /** Path of the field at fault, such as `vector[3]`; absent if the whole request or entry is at fault. */
  readonly field?: string;
  readonly reason: string;
  /** What the caller can do about it, by the code. */
  readonly remedy: string;
  /** Present if the same request or entry may be accepted later without a change. */
  readonly retryable?: true;
}

export interface ErrorBody {
  readonly error: DescribedError;
}

export interface StatusAndBody {
  readonly status: number;
  readonly body: ErrorBody;
}

/** The media type of errors (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** The members that RFC 9457 names, and those of the described error beside them. */
export interface ProblemMembers extends Omit<DescribedError, 'reason'> {
  /** Identifies the kind of the error; the gateway serves the page. */
  readonly type: string;
  /** The code in words, the same for every error of the code. */
  readonly title: string;
  readonly status: number;
  /** Sentences: the field and what is wrong with it, then the remedy. */
  readonly detail: string;
}

/** Returns an error body as RFC 9457 shapes it; `error` stays as an extension. */
export function toProblem<B extends ErrorBody>(status: number, body: B): ProblemMembers & B {
  const { reason: _, ...described } = body.error;
  const words = described.code.replace(/[.-]/g, ' ');
  return {
    type: `/docs#error-${described.code}`,
    title: words[0]!.toUpperCase() + words.slice(1),
    status,
    detail: detailOf(body.error),
    ...described,
    ...body,
  };
}

/** A reason that begins so continues the sentence whose subject is the field. */
const CONTINUES =
  /^(is|are|was|has|had|have|must|may|can|cannot|needs|looks|lies|holds|belongs|names|does|exceeds)\b/;

/** Whole sentences: the field and what is wrong with it, then what to do. */
function detailOf({ field, reason, remedy }: DescribedError): string {
  const sentence = field !== undefined && CONTINUES.test(reason) ? `${field} ${reason}` : reason;
  return `${sentence}${/[.!?]$/.test(sentence) ? '' : '.'} ${remedy}`;
}

/** Seconds after which a caller may try again that was answered with 429 or 503. */
export const RETRY_AFTER_SECONDS = '1';

export function errorBody(code: ErrorCode, reason: string, field?: string): ErrorBody {
  const remedy = ERROR_REMEDIES[code];
  return {
    error: field === undefined || field === '' ? { code, reason, remedy } : { code, field, reason, remedy },
  };
}

/** What a response says about an error that was thrown, without anything of the internals. */
export function describeError(error: FastifyError | TributaryError): StatusAndBody {
  if (error instanceof TributaryError) {
    const { error: described } = errorBody(error.code, error.message, error.field);
    return {
      status: error.status,
      body: { error: error.retryable ? { ...described, retryable: true } : described },
    };
  }
  const status = error.statusCode ?? 500;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return {
        status: 413,
        body: errorBody('body.too-large', `a body may have at most ${MAX_BODY_BYTES} bytes`),
      };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { status: 415, body: errorBody('body.malformed', 'the content-type is not application/json') };
    case 'FST_ERR_BAD_URL':
      return {
        status: 400,
        body: errorBody('request.malformed', 'the path is not UTF-8 in percent-encoding'),
      };
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return { status: 414, body: errorBody('request.too-long', 'a segment of the path is too long') };
  }
  if (status < 500) return { status, body: errorBody('body.malformed', error.message) };
  return { status: 500, body: errorBody('handler.failed', 'unexpected error; see the log of the stage') };
}

/** What a connection is answered whose bytes are no request; undefined if nobody listens any more. */
export function describeClientError(error: NodeJS.ErrnoException): StatusAndBody | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, body: errorBody('request.too-long', 'the URL and headers exceed 16 KiB') };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return {
        status: 413,
        body: errorBody('request.too-long', 'the chunk extensions of the body exceed 16 KiB'),
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, body: errorBody('request.timeout', 'the request did not arrive in time') };
    default:
      return {
        status: 400,
        body: errorBody('request.malformed', `the bytes are not HTTP: ${error.message}`),
      };
  }
}
