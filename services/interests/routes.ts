import type { FastifyInstance } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';
import type { InterestsStore } from './store.ts';

/** `GET /users/:id`: the interests of a user, or 404 if no action of the user is known. */
export function addRoutes(http: FastifyInstance, store: Pick<InterestsStore, 'readInterests'>): void {
  http.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }) => {
    const interests = await store.readInterests(id);
    if (interests !== undefined) return interests;
    const details = { field: 'id', status: 404 };
    throw new TributaryError('user.unknown', `no action of user ${id} is known`, details);
  });
}
