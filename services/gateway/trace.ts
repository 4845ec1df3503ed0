import type { FastifyReply, FastifyRequest } from 'fastify';
import { traceOf } from '#platform/http/request-spans.ts';
import { nextSpan, TRACE_HEADER } from '#platform/observability/trace.ts';

/**
 * Continues the caller's trace, or begins a new one. The answer carries it, so that the caller can find it in the topics.
 * @returns the `traceparent` of the request's span, or of the next one if the stage records none
 */
export function continueTrace(request: FastifyRequest, reply: FastifyReply): string {
  const trace = request.span?.trace ?? nextSpan(traceOf(request));
  reply.header(TRACE_HEADER, trace);
  return trace;
}
