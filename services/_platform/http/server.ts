import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { TributaryError } from '#contracts/errors.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import { parseTrace } from '../observability/trace.ts';
import type { Tracer } from '../observability/tracer.ts';
import {
  describeClientError,
  describeError,
  errorBody,
  PROBLEM_TYPE,
  RETRY_AFTER_SECONDS,
  toProblem,
} from './error-body.ts';
import { acceptJsonBodies, MAX_BODY_BYTES } from './json-body.ts';
import { addRequestSpans, traceOf } from './request-spans.ts';
import { compileValidator } from './validation.ts';

/** Maximum length of a path segment, in characters: an id of 256 bytes, each written as %XX. */
const MAX_PARAMETER_LENGTH = 3 * 256;

/** Time in which a whole request must arrive, and its headers, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;

/** Time without a byte in either direction after which a connection is closed, in milliseconds. */
const IDLE_TIMEOUT_MS = 120_000;

/** Time for which an idle connection is kept, ms; longer than proxies keep theirs. */
const KEEP_ALIVE_MS = 60_000;
/**
 * What clients are told instead. `fetch` of Node drops an idle connection two seconds earlier, after four, so that a drain which says farewell for longer
 * closes none on which its request may be on its way. Clients that do not heed it need to try again.
 */
const IDLE_CONNECTIONS = 'timeout=6';

/** Characters of a URL that an error repeats. */
const SHOWN_URL = 200;

/** A condition of readiness: returns undefined if it holds, else a description of the missing part. */
export type ReadinessCheck = () => string | undefined;

/**
 * The HTTP server of a stage: `/healthz` answers while the process lives, `/readyz` while the stage accepts work,
 * `/metrics` in Prometheus format. Every error has the same body (RFC 9457).
 */
export function createHttpServer(options: {
  log: Logger;
  lifecycle: Lifecycle;
  metrics: StageMetrics;
  readiness: readonly ReadinessCheck[];
  /** Left out if no traces are recorded. */
  tracer?: Tracer | undefined;
  /** Default 30 s for the whole request, 10 s for its headers, checked every 5 s; all in milliseconds. */
  timeouts?: { readonly request: number; readonly headers: number; readonly check: number };
}): FastifyInstance {
  const { log, lifecycle, metrics, readiness } = options;
  const { timeouts = { request: REQUEST_TIMEOUT_MS, headers: HEADERS_TIMEOUT_MS, check: 5_000 } } = options;
  const refuse = (
    error: FastifyError | TributaryError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void => {
    const { status, body } = describeError(error);
    if (error instanceof TributaryError && error.retryable) {
      // While another stage is down every request fails like this, so it is logged at debug.
      log.debug(
        { code: error.code, reason: error.message, url: request.url, traceId: traceIdOf(request) },
        'request failed for now',
      );
    } else if (status >= 500) {
      log.error({ err: error, url: request.url, traceId: traceIdOf(request) }, 'request failed');
    }
    if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    reply.code(status).type(PROBLEM_TYPE).send(toProblem(status, body));
  };
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    logger: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: timeouts.request,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: {
      headersTimeout: timeouts.headers,
      connectionsCheckingInterval: timeouts.check,
      // The hook below answers instead, with the body that every error has.
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    // A request on a kept-alive connection is still answered while the stage drains; then the connection closes.
    return503OnClosing: false,
    frameworkErrors: refuse,
    clientErrorHandler: answerClientError,
  });
  server.server.on('checkExpectation', (_request, response) => {
    const refused = errorBody('request.malformed', 'only the expectation 100-continue is known');
    const body = JSON.stringify(toProblem(417, refused));
    const headers = { 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body) };
    // The body that the client holds back may follow or not, so that the connection cannot serve another request.
    response.writeHead(417, { ...headers, connection: 'close' }).end(body);
  });
  if (options.tracer !== undefined) addRequestSpans(server, options.tracer);
  server.setValidatorCompiler(compileValidator);
  acceptJsonBodies(server);
  server.addHook('onRequest', ({ raw }, _reply, done) => {
    const fault = requestFault(raw);
    done(fault === undefined ? undefined : new TributaryError('request.malformed', fault, { status: 400 }));
  });
  server.get('/healthz', { schema: { hide: true } as object }, async () => ({ state: lifecycle.state }));
  server.get('/readyz', { schema: { hide: true } as object }, async (_request, reply) => {
    const missing = readiness.map((check) => check()).filter((reason) => reason !== undefined);
    if (lifecycle.state !== 'ready') missing.unshift(`the stage is ${lifecycle.state}`);
    if (missing.length > 0) reply.code(503);
    return { ready: missing.length === 0, missing };
  });
  server.get('/metrics', { schema: { hide: true } as object }, async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  // Hooks with a callback: an async one costs each request some turns of the microtask queue.
  server.addHook('onSend', (_request, reply, _payload, done) => {
    // Otherwise a connection that was busy when draining began would be kept alive, and delay the shutdown.
    if (lifecycle.state === 'draining') reply.header('connection', 'close');
    else reply.header('keep-alive', IDLE_CONNECTIONS);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.httpSeconds.observe({ route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
    done();
  });
  server.setNotFoundHandler((request, reply) => {
    const url = request.url.length > SHOWN_URL ? `${request.url.slice(0, SHOWN_URL)}…` : request.url;
    const body = errorBody('route.unknown', `there is no ${request.method} ${url}`);
    reply.code(404).type(PROBLEM_TYPE).send(toProblem(404, body));
  });
  server.setErrorHandler(refuse);
  return server;
}

/** pino leaves out what is undefined. */
function traceIdOf(request: FastifyRequest): string | undefined {
  return parseTrace(traceOf(request))?.traceId;
}

/** A URL is text only once each byte outside ASCII is percent-encoded UTF-8: otherwise two ids could become one. */
function requestFault({ url = '', headers, httpVersionMinor }: FastifyRequest['raw']): string | undefined {
  if (headers.host === undefined && httpVersionMinor > 0) return 'the header host is missing';
  if (/[^\x21-\x7e]/.test(url)) return 'the URL has bytes outside of ASCII: write them as %XX of their UTF-8';
  if (!url.includes('%')) return undefined;
  try {
    decodeURIComponent(url);
    return undefined;
  } catch {
    return 'the URL is not UTF-8 in percent-encoding';
  }
}

/** Answers bytes that never became a request, which no route sees. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  const answer = describeClientError(error);
  if (answer !== undefined && socket.writable) {
    const body = JSON.stringify(toProblem(answer.status, answer.body));
    const headers = `content-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
    socket.write(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${headers}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
