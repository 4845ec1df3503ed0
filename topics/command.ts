/** The frame of every command: its connection, its exit at Ctrl-C or a closed pipe, and one sentence for an error. */
import type { Kafka } from 'kafkajs';
import { readTopicsConfig, type TopicsConfig } from './config.ts';
import { connectKafka } from './connection.ts';
import { exitCodeOf } from './exit-codes.ts';

export interface CommandContext {
  readonly config: TopicsConfig;
  readonly kafka: Kafka;
  /** Aborts at Ctrl-C, at SIGTERM, and when the reader of the output closes the pipe. */
  readonly signal: AbortSignal;
  /** Resolves when the output can accept more text. */
  readonly write: (text: string) => Promise<void>;
}

/** Time for disconnecting after Ctrl-C, in milliseconds. */
const END_DEADLINE_MS = 3_000;

/** Time after the end of the command in which the process may exit by itself, in milliseconds. */
const LINGER_MS = 500;

/** Runs one command to its end; an error becomes one sentence on standard error and an exit code. */
export async function runCommand(command: (context: CommandContext) => Promise<void>): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  // A terminal and a parent process may both deliver the same Ctrl-C; only the first one counts.
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  ending.signal.addEventListener('abort', () => setTimeout(() => process.exit(1), END_DEADLINE_MS).unref());
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `| head` closes the pipe once it has printed enough lines.
    if (error.code !== 'EPIPE') throw error;
    end();
  });
  try {
    const config = readTopicsConfig(process.env);
    const kafka = connectKafka(config.brokers, config.security);
    await command({ config, kafka, signal: ending.signal, write: (text) => write(text, ending.signal) });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    // All work is done, but a kafkajs connection that was closed while it opened may stay open and keep the process
    // alive.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

function write(text: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    process.stdout.write(text, () => resolve());
  });
}
