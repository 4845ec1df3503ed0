import type { FastifyReply, FastifyRequest } from 'fastify';
import { nextSpan, TRACE_HEADER } from '#platform/observability/trace.ts';

/**
 * Continues the caller's trace, or begins a new one. The answer carries it, so that the caller can find it in the topics.
 * @returns the `traceparent` of the next span
 */
export function continueTrace(request: FastifyRequest, reply: FastifyReply): string {
  const parent = request.headers[TRACE_HEADER];
  const trace = nextSpan(typeof parent === 'string' ? parent : undefined);
  reply.header(TRACE_HEADER, trace);
  return trace;
}
