import type { Logger } from 'pino';
import { TributaryError } from '#contracts/errors.ts';
import type { DescribedError } from '#platform/http/server.ts';
import type { Acknowledgement } from '#platform/kafka/producer.ts';
import type { Judgement } from './judgement.ts';

export const MAX_BATCH = 1_000;

/** What names an entry to its sender. */
interface Ids {
  readonly eventId?: string | undefined;
  readonly itemId?: string | undefined;
}

/** What became of one entry. */
export type Verdict = Ids & { readonly index: number } & (
    | { readonly status: 'accepted'; readonly partition: number; readonly offset: number }
    | { readonly status: 'rejected'; readonly error: DescribedError }
  );

export interface BatchAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly results: readonly Verdict[];
  /** The first refusal, when nothing was accepted, where every error of the API stands. */
  readonly error?: DescribedError;
}

/** How the entries of one topic are judged, named and written. */
export interface EntryKind<V> {
  readonly judge: (entry: unknown) => Judgement<V>;
  /** The id to answer with; called with the record, or with what was sent when it was refused. */
  readonly identify: (entry: Partial<V>) => Ids;
  /** Resolves when all in-sync replicas have the record. */
  readonly write: (record: V) => Promise<Acknowledgement>;
}

/**
 * The entries of a body: those of an array, or the body itself when it is one object.
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
  /** Milliseconds that Kafka may take; an entry without an answer by then is refused as unacknowledged. */
  readonly timeoutMs: number;
}

/** Judges each entry by itself and writes the valid ones; a bad one costs the others nothing. */
export async function acceptBatch<V>(
  entries: readonly unknown[],
  kind: EntryKind<V>,
  { log, timeoutMs }: BatchOptions,
): Promise<BatchAnswer> {
  const { promise: deadline, reject: expire } = Promise.withResolvers<never>();
  deadline.catch(() => undefined);
  const timer = setTimeout(() => {
    const reason = `no answer in ${timeoutMs} ms`;
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
  const judgement = kind.judge(entry);
  if ('refusal' in judgement) {
    const sent = typeof entry === 'object' && entry !== null ? (entry as Partial<V>) : {};
    return { index, ...onlyTexts(kind.identify(sent)), status: 'rejected', error: judgement.refusal };
  }
  const ids = kind.identify(judgement.record);
  try {
    const { partition, offset } = await Promise.race([kind.write(judgement.record), deadline]);
    return { index, ...ids, status: 'accepted', partition, offset };
  } catch (error) {
    return { index, ...ids, status: 'rejected', error: writeRefusal(error, log) };
  }
}

/** What was sent as an id is echoed only when it is a text. */
function onlyTexts(ids: Ids): Ids {
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => typeof id === 'string'));
}

function writeRefusal(error: unknown, log: Logger): DescribedError {
  if (error instanceof TributaryError && error.retryable) {
    log.warn({ code: error.code, reason: error.message }, 'not acknowledged');
    return { code: error.code, reason: 'Kafka did not confirm the write; send it again', retryable: true };
  }
  log.error({ err: error }, 'entry not written');
  return { code: 'handler.failed', reason: 'unexpected error; see the log of the gateway' };
}

/** 202 all accepted, 207 some; none: 503 when Kafka is at fault for one, 500 when we are, 400 when the sender is. */
export function statusOf({ accepted, rejected, results }: BatchAnswer): 202 | 207 | 400 | 500 | 503 {
  if (rejected === 0) return 202;
  if (accepted > 0) return 207;
  const refusals = results.flatMap((verdict) => (verdict.status === 'rejected' ? [verdict.error] : []));
  if (refusals.some(({ retryable }) => retryable)) return 503;
  return refusals.some(({ code }) => code === 'handler.failed') ? 500 : 400;
}
