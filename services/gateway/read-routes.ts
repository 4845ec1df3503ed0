import etag from '@fastify/etag';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { LISTS_BY_NAME } from '#contracts/domain/asked-lists.ts';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import { idFault, isEveryone } from '#contracts/domain/ids.ts';
import { DEVICES, MAX_CONTEXTS, SURFACE_PATTERN } from '#contracts/domain/request-context.ts';
import { isEmptyFilter, MAX_FILTER_ENTRIES, type SlateFilter } from '#contracts/domain/slate-filter.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import { MAX_NEIGHBOURS } from '#index-client/limits.ts';
import type { Peer } from '#platform/http/peer.ts';
import {
  InterestsAnswer,
  itemsOfSlate,
  RecommendationsAnswer,
  SimilarItemsAnswer,
  toInterestsAnswer,
  toRecommendationsAnswer,
} from './answers.ts';
import { decodeScoreCursor, pageByScore, pageOf } from './cursors.ts';
import { idSchema } from './id-schema.ts';
import { readAnswers } from './openapi.ts';
import type { Titles } from './titles.ts';
import { continueTrace } from './trace.ts';

const MAX_RECOMMENDATIONS = 50;
const DEFAULT_RECOMMENDATIONS = 10;
/** A window has at most so many actions, and never more medoids. */
const MAX_MEDOIDS = 400;

// A field with a default need not be sent, and the validator fills it in.
const Count = Type.Optional(
  Type.Integer({ minimum: 1, maximum: MAX_RECOMMENDATIONS, default: DEFAULT_RECOMMENDATIONS }),
);
const Flag = (description: string) =>
  Type.Optional(Type.Enum(['true', 'false'], { default: 'false', description }));
const Repeated = (description: string, example?: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      maxItems: MAX_FILTER_ENTRIES,
      description,
      ...(example !== undefined && { examples: [[example]] }),
    }),
  );
const RecommendationsQuery = Type.Object({
  userId: idSchema('For whom.', '2375'),
  n: Count,
  surface: Type.Optional(
    Type.String({
      pattern: SURFACE_PATTERN,
      description:
        'Where the slate is shown, such as home or basket; 1 to 32 lower-case letters, digits and hyphens.',
    }),
  ),
  device: Type.Optional(Type.Enum([...DEVICES], { description: 'On what kind of device the user sees it.' })),
  context: Type.Optional(
    Type.Array(Type.String({ pattern: SURFACE_PATTERN }), {
      maxItems: MAX_CONTEXTS,
      description:
        'What else holds for the request, such as rain or gift, by the names that TRIBUTARY_RERANK_CONTEXTS declares; may be repeated.',
      examples: [['gift']],
    }),
  ),
  probe: Flag('true for a request whose answer nobody sees: the slate is not logged and teaches nothing.'),
  explain: Flag('true to get the reasons of each place and of the slate as a whole.'),
  list: Type.Optional(
    Type.Enum([...LISTS_BY_NAME], {
      description:
        'bought-again for the items alone that the user buys again and again, by when they are due; other slates leave out what the user acted on lately.',
    }),
  ),
  category: Repeated('Only items in at least one of these categories; may be repeated.', 'Dairy'),
  allCategories: Repeated('Only items in all of these categories; may be repeated.'),
  attribute: Repeated('Only items with all of these attributes, each written name:value; may be repeated.'),
  exclude: Repeated('None of these items; may be repeated. Unavailable items are never shown.'),
});
const Cursor = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 4_000,
    description: 'The `next` of the answer before, for the entries that follow.',
  }),
);
const SimilarQuery = Type.Object({ n: Count, cursor: Cursor });
const InterestsQuery = Type.Object({
  n: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_MEDOIDS,
      description: 'At most so many medoids; all by default.',
    }),
  ),
  cursor: Cursor,
});
const IdParams = Type.Object({
  id: Type.String({ minLength: 1, description: '1 to 256 bytes of UTF-8.', examples: ['1082185'] }),
});

const UserParams = Type.Object({
  id: Type.String({ minLength: 1, description: '1 to 256 bytes of UTF-8.', examples: ['2375'] }),
});

export interface Peers {
  readonly rerank: Peer;
  readonly interests: Peer;
  readonly index: IndexClient;
}

/** Adds the routes that query other stages. What apps poll has an ETag, so that an unchanged answer costs no body. */
export async function addReadRoutes(http: FastifyInstance, peers: Peers, titles: Titles): Promise<void> {
  addRecommendations(http, peers, titles);
  await http.register(async (polled) => {
    await polled.register(etag);
    addInterests(polled, peers, titles);
    addSimilar(polled, peers);
  });
}

function addRecommendations(http: FastifyInstance, peers: Peers, titles: Titles): void {
  http.get<{ Querystring: Static<typeof RecommendationsQuery> }>(
    '/v1/recommendations',
    {
      schema: {
        operationId: 'recommend',
        summary: 'A slate for a user; popular items for an unknown user',
        querystring: RecommendationsQuery,
        response: readAnswers(RecommendationsAnswer),
      },
    },
    async (request, reply) => {
      const {
        userId,
        n = DEFAULT_RECOMMENDATIONS,
        surface,
        device,
        context,
        probe,
        explain,
        list,
      } = request.query;
      demandUser(userId);
      const trace = continueTrace(request, reply);
      // Each request gets a slate of its own, which its reader answers.
      reply.header('cache-control', 'no-store');
      const filter = filterOf(request.query);
      const given = {
        ...(isEmptyFilter(filter) ? {} : { filter }),
        ...(surface === undefined ? {} : { surface }),
        ...(device === undefined ? {} : { device }),
        ...(list === undefined ? {} : { list }),
        ...(context === undefined ? {} : { context }),
        ...(probe === 'true' ? { probe: true } : {}),
        ...(explain === 'true' ? { explain: true } : {}),
      };
      const slate = await peers.rerank.post<ExplainedSlate>(
        '/slates?features=false',
        { userId, n, ...given },
        trace,
        gone(reply),
      );
      return toRecommendationsAnswer(slate, await titles(itemsOfSlate(slate), trace));
    },
  );
}

function addInterests(http: FastifyInstance, peers: Peers, titles: Titles): void {
  http.get<{ Params: Static<typeof IdParams>; Querystring: Static<typeof InterestsQuery> }>(
    '/v1/users/:id/interests',
    {
      schema: {
        operationId: 'readInterests',
        summary: 'The medoids of a user’s window, the most important first',
        params: UserParams,
        querystring: InterestsQuery,
        response: readAnswers(InterestsAnswer, {
          unknown: 'The user has no action in the window.',
          isPolled: true,
        }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      demandUser(id);
      const trace = continueTrace(request, reply);
      const interests = await peers.interests.get<UserInterests>(`/users/${encodeURIComponent(id)}`, trace);
      const { n = MAX_MEDOIDS, cursor } = request.query;
      const of = `${interests.version}/${interests.generation}`;
      const { entries, next } = pageOf(interests.medoids, { of, n, cursor });
      const titleOf = await titles(
        entries.map(({ itemId }) => itemId),
        trace,
      );
      return { ...toInterestsAnswer(interests, entries, titleOf), next };
    },
  );
}

function addSimilar(http: FastifyInstance, peers: Peers): void {
  http.get<{ Params: Static<typeof IdParams>; Querystring: Static<typeof SimilarQuery> }>(
    '/v1/items/:id/similar',
    {
      schema: {
        operationId: 'similarItems',
        summary: 'Items near an item in the served generation',
        params: IdParams,
        querystring: SimilarQuery,
        response: readAnswers(SimilarItemsAnswer, {
          unknown: 'The item has no vector in the served generation.',
          isPolled: true,
        }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      demandId(id, 'itemId');
      const trace = continueTrace(request, reply);
      const { n = DEFAULT_RECOMMENDATIONS, cursor } = request.query;
      // One more than the part, which tells whether another one follows.
      const wanted = (cursor === undefined ? 0 : decodeScoreCursor(cursor).from) + n + 1;
      const most = Math.min(wanted, MAX_NEIGHBOURS);
      const { items, ...rest } = await peers.index.similar(id, most, trace);
      const isWhole = items.length < most || most === MAX_NEIGHBOURS;
      const { entries, next } = pageByScore(items, { of: rest.generation, n, cursor, isWhole });
      return { ...rest, items: entries, next };
    },
  );
}

/** @throws TributaryError `field.invalid` for an attribute without a colon */
function filterOf(query: Static<typeof RecommendationsQuery>): SlateFilter {
  const { category = [], allCategories = [], attribute = [], exclude = [] } = query;
  const place = attribute.findIndex((term) => !term.includes(':'));
  if (place !== -1) {
    const details = { status: 400, field: `attribute[${place}]` };
    throw new TributaryError('field.invalid', 'must be written name:value, such as brand:Store', details);
  }
  return { anyCategory: category, allCategories, attributes: attribute, exclude };
}

/** Aborts when the client leaves before the response: nobody sees a slate then, so none may be logged. */
function gone({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort();
  });
  return left.signal;
}

/** @throws TributaryError `user.reserved` for the id that stands for everyone: no action and no slate is that of everyone */
function demandUser(id: string): void {
  demandId(id, 'userId');
  if (isEveryone(id))
    throw new TributaryError('user.reserved', 'is reserved: it stands for everyone', {
      status: 400,
      field: 'userId',
    });
}

function demandId(id: string, field: string): void {
  const reason = idFault(id);
  if (reason !== undefined) throw new TributaryError('field.invalid', reason, { status: 400, field });
}
