import { randomUUID } from 'node:crypto';

/** Name of the Kafka and HTTP header that carries the trace (W3C Trace Context). */
export const TRACE_HEADER = 'traceparent';

const PATTERN = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/**
 * Starts a new trace, or the next span of the trace in `parent`: `00-<trace id>-<span id>-01`. A malformed parent
 * starts a new trace.
 */
export function nextSpan(parent?: string): string {
  const traceId = (parent === undefined ? undefined : PATTERN.exec(parent)?.[1]) ?? randomHex();
  return `00-${traceId}-${randomHex().slice(0, 16)}-01`;
}

/**
 * Returns 32 hexadecimal digits. Node keeps entropy ready for UUIDs, whereas each call of randomBytes is a system
 * call.
 */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
