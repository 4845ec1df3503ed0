import type { FastifyReply, FastifyRequest } from 'fastify';
import { nextSpan, TRACE_HEADER } from '#platform/observability/trace.ts';

/** The caller's trace continued, or a new one; the answer carries it so that it can be found in the topics. */
export function continueTrace(request: FastifyRequest, reply: FastifyReply): string {
  const parent = request.headers[TRACE_HEADER];
  const trace = nextSpan(typeof parent === 'string' ? parent : undefined);
  reply.header(TRACE_HEADER, trace);
  return trace;
}
