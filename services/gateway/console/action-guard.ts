import type { FastifyRequest } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';

/**
 * The header that the page sends with each change. A page of another site cannot: a browser asks first whether that header is
 * allowed, and no list of the gateway names it.
 */
export const CONSOLE_HEADER = 'x-tributary-console';

/**
 * Returns the check of requests that change what is served.
 * @param isOn whether the console may change anything
 * @throws TributaryError `console.read-only` and `console.foreign`, both 403
 */
export function createActionGuard(isOn: boolean): (request: Pick<FastifyRequest, 'headers'>) => void {
  return ({ headers }) => {
    const { origin, host, 'sec-fetch-site': site } = headers;
    if (headers[CONSOLE_HEADER] === undefined) throw foreign(`the header ${CONSOLE_HEADER} is missing`);
    if (site !== undefined && site !== 'same-origin') throw foreign(`the browser calls it ${String(site)}`);
    // The list for CORS does not count here: it lets pages of apps read and send actions.
    if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host))
      throw foreign(`it comes from ${origin.slice(0, 200)}`);
    if (!isOn)
      throw new TributaryError('console.read-only', 'the console of this gateway changes nothing', {
        status: 403,
      });
  };
}

function foreign(reason: string): TributaryError {
  return new TributaryError('console.foreign', `no page of this console sent the request: ${reason}`, {
    status: 403,
  });
}
