import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { isOnRequest } from '#contracts/domain/asked-lists.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { ModelsByAudience } from './models.ts';

/** What one model finds near an item, or why it finds nothing. */
export interface InspectedNeighbours {
  readonly model: string;
  readonly items: ReadonlyArray<{ readonly itemId: string; readonly score: number }>;
  readonly failure?: string;
}

const Params = Type.Object({ id: Type.String({ minLength: 1 }) });
const Query = Type.Object({
  /** The generation in which the models look; without one those that need a generation find nothing. */
  generation: Type.Optional(Type.String({ minLength: 1 })),
  n: Type.Integer({ minimum: 1, maximum: 100, default: 10 }),
});
const TIMEOUT_MS = 2_000;

/**
 * For people who look: what each model proposes to somebody who has taken one item alone, so its neighbours in the space of that model.
 * @param modelsForUsers returns none until the models are created
 */
export function addNeighbourRoute(
  http: FastifyInstance,
  modelsForUsers: () => ModelsByAudience['forUsers'],
  now: () => number,
): void {
  http.get<{ Params: Static<typeof Params>; Querystring: Static<typeof Query> }>(
    '/inspect/items/:id/neighbours',
    { schema: { params: Params, querystring: Query } },
    async ({ params: { id }, query: { generation = null, n } }) => ({
      models: await neighboursByModel(modelsForUsers(), takerOf(id, generation, now()), n),
    }),
  );
}

export function neighboursByModel(
  forUsers: ModelsByAudience['forUsers'],
  taker: UserInterests,
  n: number,
): Promise<InspectedNeighbours[]> {
  const itemId = taker.medoids[0]?.itemId;
  return Promise.all(
    // What a user buys again says nothing about an item.
    forUsers
      .filter(({ name }) => !isOnRequest(name))
      .map(async ({ name, propose }) => {
        try {
          const lists = await propose([taker], AbortSignal.timeout(TIMEOUT_MS));
          const near = (lists.get(taker.userId)?.items ?? []).filter((one) => one.itemId !== itemId);
          return {
            model: name,
            items: near.slice(0, n).map((one) => ({ itemId: one.itemId, score: one.score })),
          };
        } catch (error) {
          return { model: name, items: [], failure: reasonOf(error) };
        }
      }),
  );
}

/** Somebody who bought the item just now and nothing else. No user can have the empty id. */
function takerOf(itemId: string, generation: string | null, now: number): UserInterests {
  return {
    userId: '',
    version: -1,
    generation,
    streamTime: now,
    receivedAt: now,
    medoids: [{ itemId, type: 'buy', importance: 1, size: 1, lastOccurredAt: now }],
    recent: [itemId],
    types: ['buy'],
    recentTypes: [],
    repeats: [],
    windowSize: 1,
    unknownItems: 0,
  };
}
