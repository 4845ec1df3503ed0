import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { TributaryError } from '#contracts/errors.ts';
import { MAX_NEIGHBOURS } from '#index-client/limits.ts';
import { ItemAnswer, SimilarItemsAnswer } from './answers.ts';
import { CursorParameter, decodeScoreCursor, pageByScore } from './cursors.ts';
import { ANY_ID, demandId, idSchema } from './id-schema.ts';
import { readAnswers } from './openapi.ts';
import type { Peers } from './read-routes.ts';
import { continueTrace } from './trace.ts';

const MAX_PART = 50;
const DEFAULT_PART = 10;
const STRICT = { additionalProperties: false };

const part = {
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PART, default: DEFAULT_PART })),
  cursor: CursorParameter,
};
const itemId = idSchema('The item.', '1082185');
const SimilarQuery = Type.Object(part, STRICT);
const SimilarToQuery = Type.Object({ itemId, ...part }, STRICT);
const NoQuery = Type.Object({}, STRICT);
const ItemQuery = Type.Object({ itemId }, STRICT);
const ItemParams = Type.Object({
  id: Type.String({ minLength: 1, description: '1 to 256 bytes of UTF-8.', examples: ['1082185'] }),
});

/** What rerank knows of an item for its filters. */
interface ListedItem {
  readonly categories: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly updatedAt: number;
}

/** Adds the routes about one item, each with the id in the path and in the query. */
export function addItemRoutes(http: FastifyInstance, peers: Peers): void {
  addItem(http, peers);
  addSimilar(http, peers);
}

function addItem(http: FastifyInstance, peers: Peers): void {
  const response = readAnswers(ItemAnswer, { unknown: 'The catalogue lists no such item.', isPolled: true });
  const summary = 'An item as the catalogue describes it';

  async function readItem(request: FastifyRequest, reply: FastifyReply, id: string) {
    demandId(id, 'itemId');
    const trace = continueTrace(request, reply);
    const path = `/inspect/items?itemId=${encodeURIComponent(id)}`;
    const [entries, { item }] = await Promise.all([
      peers.index.items([id], trace),
      peers.rerank.get<{ item: ListedItem | null }>(path, trace),
    ]);
    const entry = entries[id];
    // The two stages read the catalogue side by side: an item is there when both have it.
    if (entry === undefined || item === null)
      throw new TributaryError('item.unlisted', `the catalogue lists no item “${id}”`, {
        status: 404,
        field: 'itemId',
      });
    const { title, availability } = entry;
    return { itemId: id, title, availability, ...item };
  }

  http.get<{ Params: Static<typeof ItemParams> }>(
    '/v1/items/:id',
    { schema: { operationId: 'readItem', summary, params: ItemParams, querystring: NoQuery, response } },
    (request, reply) => readItem(request, reply, request.params.id),
  );
  http.get<{ Querystring: Static<typeof ItemQuery> }>(
    '/v1/items',
    {
      schema: { operationId: 'findItem', summary: `${summary}; ${ANY_ID}`, querystring: ItemQuery, response },
    },
    (request, reply) => readItem(request, reply, request.query.itemId),
  );
}

function addSimilar(http: FastifyInstance, peers: Peers): void {
  const response = readAnswers(SimilarItemsAnswer, {
    unknown: 'The item has no vector in the served generation.',
    isPolled: true,
  });
  const summary = 'Items near an item in the served generation';
  type Part = Static<typeof SimilarQuery>;

  async function readSimilar(request: FastifyRequest, reply: FastifyReply, id: string, of: Part) {
    demandId(id, 'itemId');
    const trace = continueTrace(request, reply);
    const { n = DEFAULT_PART, cursor } = of;
    const list = `similar/${id}`;
    // One more than the part, which tells whether another one follows.
    const wanted = (cursor === undefined ? 0 : decodeScoreCursor(cursor, list).from) + n + 1;
    const most = Math.min(wanted, MAX_NEIGHBOURS);
    const { items, ...rest } = await peers.index.similar(id, most, trace);
    const isWhole = items.length < most || most === MAX_NEIGHBOURS;
    const { entries, next } = pageByScore(items, { of: list, version: rest.generation, n, cursor, isWhole });
    return { ...rest, items: entries, next };
  }

  http.get<{ Params: Static<typeof ItemParams>; Querystring: Part }>(
    '/v1/items/:id/similar',
    {
      schema: {
        operationId: 'similarItems',
        summary,
        params: ItemParams,
        querystring: SimilarQuery,
        response,
      },
    },
    (request, reply) => readSimilar(request, reply, request.params.id, request.query),
  );
  http.get<{ Querystring: Static<typeof SimilarToQuery> }>(
    '/v1/similar',
    {
      schema: {
        operationId: 'findSimilarItems',
        summary: `${summary}; ${ANY_ID}`,
        querystring: SimilarToQuery,
        response,
      },
    },
    (request, reply) => readSimilar(request, reply, request.query.itemId, request.query),
  );
}
