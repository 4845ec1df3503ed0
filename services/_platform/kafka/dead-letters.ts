import type { Logger } from 'pino';
import type { DeadLetter } from '#contracts/generated/records.ts';
import type { TopicName } from '#topics/catalog.ts';
import { headerText, readHeaders } from '#topics/kafka/headers.ts';
import { parseTrace, TRACE_HEADER } from '../observability/trace.ts';
import { cutLetter } from './cut-letter.ts';
import type { Rejection } from './messages.ts';

export interface DeadLetterPorts {
  /** The stage that rejects the messages. */
  readonly stage: string;
  readonly log: Logger;
  /** Resolves when the letter is acknowledged. */
  readonly send: (sourceTopic: TopicName, letter: DeadLetter) => Promise<unknown>;
}

/** Largest encoded letter. A broker accepts batches of 1,048,588 bytes by default, and the key and headers of the letter take some. */
const MAX_LETTER_BYTES = 1_048_000;
/** If a broker accepts no letter of this size, its limit is not the reason. */
const MIN_LETTER_BYTES = 4_096;
/** Letters that are sent at once, so that a batch of rejected messages does not fill the producer. */
const LETTERS_AT_ONCE = 500;
const BYTES_AT_ONCE = 2 * 1_048_576;

/**
 * Sends the rejected messages to `dead-letters`, with the reason; resolves when they are acknowledged. A message is sent
 * whole, unless its letter would exceed the limit of the broker: then the letter is cut and says so.
 */
export async function sendDeadLetters(
  ports: DeadLetterPorts,
  source: { topic: TopicName; partition: number },
  rejections: readonly Rejection[],
): Promise<void> {
  let sent: Promise<unknown>[] = [];
  let bytes = 0;
  for (const rejection of rejections) {
    const { message, code, reason } = rejection;
    const traceId = parseTrace(headerText(message.headers, TRACE_HEADER))?.traceId;
    ports.log.warn({ ...source, offset: message.offset, code, reason, traceId }, 'dead letter');
    sent.push(sendOne(ports, source, rejection));
    bytes += message.value?.length ?? 0;
    if (sent.length < LETTERS_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
    await Promise.all(sent);
    sent = [];
    bytes = 0;
  }
  await Promise.all(sent);
}

async function sendOne(
  { stage, send }: DeadLetterPorts,
  source: { topic: TopicName; partition: number },
  { message, code, reason }: Rejection,
): Promise<void> {
  const letter: DeadLetter = {
    sourceTopic: source.topic,
    partition: source.partition,
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    headers: readHeaders(message.headers),
    stage,
    code,
    reason,
    failedAt: Date.now(),
    messageBytes: null,
  };
  for (let maxBytes = MAX_LETTER_BYTES; ; maxBytes /= 2) {
    try {
      await send(source.topic, cutLetter(letter, maxBytes));
      return;
    } catch (error) {
      // The operator may have set a lower limit.
      if (!isTooLarge(error) || maxBytes / 2 < MIN_LETTER_BYTES) throw error;
    }
  }
}

function isTooLarge(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && (cause.type === 'MESSAGE_TOO_LARGE' || cause.type === 'RECORD_LIST_TOO_LARGE'))
      return true;
  }
  return false;
}
