import type { Logger } from 'pino';
import type { DeadLetter } from '#contracts/generated/records.ts';
import type { TopicName } from '#topics/catalog.ts';
import { readHeaders } from '#topics/kafka/headers.ts';
import type { Rejection } from './messages.ts';

export interface DeadLetterPorts {
  /** The stage that rejects the messages. */
  readonly stage: string;
  readonly log: Logger;
  /** Resolves when the letter is acknowledged. */
  readonly send: (sourceTopic: TopicName, letter: DeadLetter) => Promise<unknown>;
}

/** Sends the complete rejected messages to `dead-letters`, with the reason; resolves when they are acknowledged. */
export async function sendDeadLetters(
  { stage, log, send }: DeadLetterPorts,
  source: { topic: TopicName; partition: number },
  rejections: readonly Rejection[],
): Promise<void> {
  await Promise.all(
    rejections.map(({ message, code, reason }) => {
      log.warn({ ...source, offset: message.offset, code, reason }, 'dead letter');
      return send(source.topic, {
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
      });
    }),
  );
}
