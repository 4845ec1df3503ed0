import { randomUUID } from 'node:crypto';

/** Name of the Kafka and HTTP header that carries the trace (W3C Trace Context). */
export const TRACE_HEADER = 'traceparent';

const PATTERN = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The content of a `traceparent` header. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether its sender records the trace: the flag `sampled`. */
  readonly isRecorded: boolean;
}

/** @returns undefined if the header is missing or malformed */
export function parseTrace(header: string | undefined): TraceContext | undefined {
  const parts = header === undefined ? null : PATTERN.exec(header);
  if (parts === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = parts;
  return { traceId, spanId, isRecorded: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function writeTrace({ traceId, spanId, isRecorded }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isRecorded ? '01' : '00'}`;
}

/**
 * Starts a new trace, which nobody records, or the next span of the trace in `parent`: `00-<trace id>-<span id>-<flags>`. A
 * malformed parent starts a new trace.
 */
export function nextSpan(parent?: string): string {
  const { traceId, isRecorded } = parseTrace(parent) ?? { traceId: randomHex(), isRecorded: false };
  return writeTrace({ traceId, spanId: randomHex().slice(0, 16), isRecorded });
}

/**
 * Returns 32 hexadecimal digits. Node keeps entropy ready for UUIDs, whereas each call of randomBytes is a system
 * call.
 */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
