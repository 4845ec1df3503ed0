import type { FastifyInstance } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { RefreshStatus } from './refresher.ts';
import type { InterestsStore } from './store.ts';

/**
 * `GET /users/:id`: the interests of a user, or 404 if no action of the user is known. `GET /status`: how far this process has
 * re-clustered its users in the served generation.
 */
export function addRoutes(
  http: FastifyInstance,
  store: Pick<InterestsStore, 'readInterests'>,
  decode: (bytes: Buffer) => UserInterests | Promise<UserInterests>,
  status: () => RefreshStatus,
): void {
  http.get('/status', async () => status());

  http.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }) => {
    const bytes = await store.readInterests(id);
    if (bytes !== undefined) return decode(bytes);
    const details = { field: 'id', status: 404 };
    throw new TributaryError('user.unknown', `no action of user “${id}” is known`, details);
  });
}
