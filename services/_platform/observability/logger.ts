import { type Logger, pino } from 'pino';

/** ERROR: a person must act. WARN: a message was dropped or retried. INFO: a state changed. DEBUG: each batch. */
export function createLogger(stage: string, level: string): Logger {
  return pino({ level, base: { stage }, timestamp: pino.stdTimeFunctions.isoTime });
}
