import type { Logger } from 'pino';
import { TributaryError } from '#contracts/errors.ts';
import { type DescribedError, errorBody } from '#platform/http/error-body.ts';
import type { Acknowledgement } from '#platform/kafka/lanes.ts';
import type { Validation } from './validation.ts';

export const MAX_BATCH = 1_000;

/** The ids by which the sender knows an entry. */
interface Ids {
  readonly eventId?: string | undefined;
  readonly itemId?: string | undefined;
}

/** The outcome for one entry. */
export type Verdict = Ids & { readonly index: number } & (
    | { readonly status: 'accepted'; readonly partition: number; readonly offset: number }
    | { readonly status: 'rejected'; readonly error: DescribedError }
  );

export interface BatchAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly results: readonly Verdict[];
  /** The error of the first entry, in the place of every error of the API, when no entry was accepted. */
  readonly error?: DescribedError;
}

/** How the entries of one topic are validated, identified and written. */
export interface EntryKind<V> {
  readonly validate: (entry: unknown) => Validation<V>;
  /** Returns the ids for the answer; called with the record, or with the entry itself when it is rejected. */
  readonly identify: (entry: Partial<V>) => Ids;
  /** Resolves when all in-sync replicas have the record. */
  readonly write: (record: V) => Promise<Acknowledgement>;
}

/**
 * Returns the entries of a body: the elements of an array, or the body itself when it is one object.
 * @throws TributaryError `body.malformed` (400), `batch.empty` (400) or `batch.too-large` (413)
 */
export function readBatch(body: unknown): readonly unknown[] {
  const entries: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (!Array.isArray(body) && (typeof body !== 'object' || body === null)) {
    throw new TributaryError('body.malformed', 'the body must be an object or an array of objects', {
      status: 400,
    });
  }
  if (entries.length === 0) throw new TributaryError('batch.empty', 'the array is empty', { status: 400 });
  if (entries.length > MAX_BATCH) {
    const reason = `the array has ${entries.length} entries; at most ${MAX_BATCH} are allowed`;
    throw new TributaryError('batch.too-large', reason, { status: 413 });
  }
  return entries;
}

export interface BatchOptions {
  readonly log: Logger;
  /** Milliseconds that Kafka may take; an entry without an answer by then is rejected as unacknowledged. */
  readonly timeoutMs: number;
}

/** Validates each entry on its own and writes the valid ones; an invalid entry does not affect the others. */
export async function acceptBatch<V>(
  entries: readonly unknown[],
  kind: EntryKind<V>,
  { log, timeoutMs }: BatchOptions,
): Promise<BatchAnswer> {
  const { promise: deadline, reject: expire } = Promise.withResolvers<never>();
  deadline.catch(() => undefined);
  const timer = setTimeout(() => {
    const reason = `no response within ${timeoutMs} ms`;
    expire(new TributaryError('kafka.unacknowledged', reason, { retryable: true, status: 503 }));
  }, timeoutMs);
  const results = await Promise.all(
    entries.map((entry, index) => acceptEntry(entry, index, kind, deadline, log)),
  );
  clearTimeout(timer);
  const accepted = results.filter(({ status }) => status === 'accepted').length;
  const first = results.find((verdict) => verdict.status === 'rejected');
  const answer = { accepted, rejected: results.length - accepted, results };
  return accepted > 0 || first === undefined ? answer : { ...answer, error: first.error };
}

async function acceptEntry<V>(
  entry: unknown,
  index: number,
  kind: EntryKind<V>,
  deadline: Promise<never>,
  log: Logger,
): Promise<Verdict> {
  const validation = kind.validate(entry);
  if ('rejection' in validation) {
    const sent = typeof entry === 'object' && entry !== null ? (entry as Partial<V>) : {};
    return { index, ...onlyTexts(kind.identify(sent)), status: 'rejected', error: validation.rejection };
  }
  const ids = kind.identify(validation.record);
  try {
    const { partition, offset } = await Promise.race([kind.write(validation.record), deadline]);
    return { index, ...ids, status: 'accepted', partition, offset };
  } catch (error) {
    return { index, ...ids, status: 'rejected', error: describeWriteError(error, log) };
  }
}

/** Ids that are texts; an invalid entry may have other values in their places. */
function onlyTexts(ids: Ids): Ids {
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => typeof id === 'string'));
}

function describeWriteError(error: unknown, log: Logger): DescribedError {
  if (error instanceof TributaryError && error.retryable) {
    log.warn({ code: error.code, reason: error.message }, 'not acknowledged');
    const reason = 'Kafka did not confirm the write; send the entry again';
    return { ...errorBody(error.code, reason).error, retryable: true };
  }
  if (error instanceof TributaryError && error.status < 500) {
    return errorBody(error.code, error.message, error.field).error;
  }
  log.error({ err: error }, 'entry not written');
  return errorBody('handler.failed', 'unexpected error; see the log of the gateway').error;
}

/**
 * The HTTP status of an answer: 202 when all entries were accepted, 207 when some were. When none was: 503 if Kafka did not
 * confirm one, 500 if the gateway failed at one, else 400.
 */
export function statusOf({ accepted, rejected, results }: BatchAnswer): 202 | 207 | 400 | 500 | 503 {
  if (rejected === 0) return 202;
  if (accepted > 0) return 207;
  const errors = results.flatMap((verdict) => (verdict.status === 'rejected' ? [verdict.error] : []));
  if (errors.some(({ retryable }) => retryable)) return 503;
  return errors.some(({ code }) => code === 'handler.failed') ? 500 : 400;
}
