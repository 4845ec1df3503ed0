/** The trace id of a `traceparent` header (W3C Trace Context); undefined when the header is malformed or missing. */
export function traceIdOf(header: string | undefined): string | undefined {
  return header?.match(/^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/)?.[1];
}
