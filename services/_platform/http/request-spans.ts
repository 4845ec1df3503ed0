import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TRACE_HEADER } from '../observability/trace.ts';
import type { TracedSpan, Tracer } from '../observability/tracer.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined if the stage records no traces. */
    span?: TracedSpan | undefined;
  }
}

/** Asked all the time by the host of the stage, and of no interest to anybody who reads traces. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics']);

/** Adds a span to each request, whose name is the method and the route. Call it before any other hook. */
export function addRequestSpans(server: FastifyInstance, tracer: Tracer): void {
  server.decorateRequest('span', undefined);
  server.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    if (!UNTRACED.has(route)) {
      const attributes = { 'http.request.method': request.method, 'http.route': route };
      request.span = tracer.begin(`${request.method} ${route}`, 'server', headerOf(request), attributes);
    }
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    request.span?.end(reply.statusCode >= 500 ? `status ${reply.statusCode}` : undefined);
    done();
  });
  server.addHook('onRequestAbort', (request, done) => {
    request.span?.end('the caller has gone away');
    done();
  });
}

/** @returns the `traceparent` for what the request causes: that of its span, or of its caller; undefined if there is neither */
export function traceOf(request: FastifyRequest): string | undefined {
  return request.span?.trace ?? headerOf(request);
}

function headerOf(request: FastifyRequest): string | undefined {
  const header = request.headers[TRACE_HEADER];
  return typeof header === 'string' ? header : undefined;
}
