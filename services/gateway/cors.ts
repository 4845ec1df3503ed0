import cors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';

/** Time for which a browser may remember the answer to a preflight, in seconds. */
const PREFLIGHT_SECONDS = 7_200;

/**
 * Lets the pages of these origins call every route; register it before the routes. A page of another origin reads no answer,
 * which its browser ensures.
 * @param origins such as `https://shop.example`; `*` stands for every origin
 */
export async function addCors(http: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await http.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT'],
    allowedHeaders: ['content-type', 'traceparent', 'authorization'],
    // The client of apps corrects its clock by `date`, which browsers hide otherwise.
    exposedHeaders: ['date', 'retry-after', 'traceparent'],
    maxAge: PREFLIGHT_SECONDS,
    strictPreflight: false,
  });
}

/**
 * Returns a check of write requests. A browser sends `text/plain` across origins without a preflight, so that the gateway
 * itself has to reject the pages that are not on the list. Requests without the header `origin` come from no page.
 * @throws TributaryError `origin.refused` (403)
 */
export function createOriginCheck(origins: readonly string[]): (request: FastifyRequest) => void {
  return ({ headers: { origin, host } }) => {
    if (origin === undefined || origins.includes('*') || origins.includes(origin)) return;
    if (URL.canParse(origin) && new URL(origin).host === host) return;
    throw new TributaryError('origin.refused', `pages of ${origin.slice(0, 200)} may not write`, {
      status: 403,
    });
  };
}
