import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type ErrorCode, TributaryError } from '#contracts/errors.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import { compileValidator } from './validation.ts';

/** The maximum size of a request body, in bytes. */
export const MAX_BODY_BYTES = 1_048_576;

/** Maximum length of a path segment, in characters: an id of 256 bytes, each written as %XX. */
const MAX_PARAMETER_LENGTH = 3 * 256;

/** A condition of readiness: returns undefined if it holds, else a description of the missing part. */
export type ReadinessCheck = () => string | undefined;

/** An error as every HTTP response describes it. */
export interface DescribedError {
  readonly code: ErrorCode;
  /** Path of the field at fault, such as `vector[3]`; absent if the whole request or entry is at fault. */
  readonly field?: string;
  readonly reason: string;
  /** Present if the same request or entry may be accepted later without a change. */
  readonly retryable?: true;
}

export interface ErrorBody {
  readonly error: DescribedError;
}

/**
 * The HTTP server of a stage: `/healthz` answers while the process lives, `/readyz` while the stage accepts work,
 * `/metrics` in Prometheus format. Every error has the same body.
 */
export function createHttpServer(options: {
  log: Logger;
  lifecycle: Lifecycle;
  metrics: StageMetrics;
  readiness: readonly ReadinessCheck[];
}): FastifyInstance {
  const { log, lifecycle, metrics, readiness } = options;
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    logger: false,
    keepAliveTimeout: 60_000,
    forceCloseConnections: 'idle',
  });
  server.setValidatorCompiler(compileValidator);
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
  server.addHook('onSend', async (_request, reply) => {
    // Otherwise a connection that was busy when draining began would be kept alive, and delay the shutdown.
    if (lifecycle.state === 'draining') reply.header('connection', 'close');
  });
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.httpSeconds.observe({ route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
  });
  server.setNotFoundHandler((request, reply) => {
    reply.code(404).send(errorBody('route.unknown', `there is no ${request.method} ${request.url}`));
  });
  server.setErrorHandler((error: FastifyError | TributaryError, request, reply) => {
    const { status, body } = describe(error);
    if (error instanceof TributaryError && error.retryable) {
      // While another stage is down every request fails like this, so it is logged at debug.
      log.debug({ code: error.code, reason: error.message, url: request.url }, 'request failed for now');
    } else if (status >= 500) {
      log.error({ err: error, url: request.url }, 'request failed');
    }
    reply.code(status).send(body);
  });
  return server;
}

export function errorBody(code: ErrorCode, reason: string, field?: string): ErrorBody {
  return { error: field === undefined || field === '' ? { code, reason } : { code, field, reason } };
}

function describe(error: FastifyError | TributaryError): { status: number; body: ErrorBody } {
  if (error instanceof TributaryError) {
    return { status: error.status, body: errorBody(error.code, error.message, error.field) };
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return {
      status: 413,
      body: errorBody('body.too-large', `a body may have at most ${MAX_BODY_BYTES} bytes`),
    };
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, body: errorBody('body.malformed', error.message) };
  return { status: 500, body: errorBody('handler.failed', 'unexpected error; see the log of the stage') };
}
