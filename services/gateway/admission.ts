import type { FastifyReply, FastifyRequest } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';
import { MAX_BODY_BYTES } from '#platform/http/json-body.ts';

export interface AdmissionLimits {
  /** Most write requests between their headers and their answer. */
  readonly maxRequests: number;
  /** Bytes of the bodies of these requests together. */
  readonly maxBytes: number;
}

/** A hook `onRequest` that admits a request or fails it. */
export type Admission = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/**
 * Limits the write requests in flight, so that memory stays flat while Kafka is slow: a request beyond the limits is answered
 * with 503 `stage.overloaded` before its body is read. A body whose length is unknown or compressed counts as the largest.
 */
export function createAdmission({ maxRequests, maxBytes }: AdmissionLimits): Admission {
  let requests = 0;
  let bytes = 0;
  return ({ headers }, reply, done) => {
    const length = headers['content-encoding'] === undefined ? Number(headers['content-length']) : Number.NaN;
    // False for NaN, the length of a body that is compressed or sent without its length.
    const isShort = length < MAX_BODY_BYTES;
    const weight = isShort ? length : MAX_BODY_BYTES;
    if (requests >= maxRequests || (requests > 0 && bytes + weight > maxBytes)) {
      const reason = `${requests} requests with ${bytes} bytes wait for Kafka already`;
      return done(new TributaryError('stage.overloaded', reason, { retryable: true, status: 503 }));
    }
    requests += 1;
    bytes += weight;
    // Also emitted for a request whose client has left.
    reply.raw.once('close', () => {
      requests -= 1;
      bytes -= weight;
    });
    done();
  };
}
