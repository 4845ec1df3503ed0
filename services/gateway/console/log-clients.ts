import type { Kafka } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';

/** With which the console reads the log. */
export interface LogClients {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  /** Aborts when the stage drains. */
  readonly signal: AbortSignal;
}
