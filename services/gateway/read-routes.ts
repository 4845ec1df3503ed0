import etag from '@fastify/etag';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { LISTS_BY_NAME } from '#contracts/domain/asked-lists.ts';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import { isEveryone } from '#contracts/domain/ids.ts';
import { DEVICES, MAX_CONTEXTS, SURFACE_PATTERN } from '#contracts/domain/request-context.ts';
import { isEmptyFilter, MAX_FILTER_ENTRIES, type SlateFilter } from '#contracts/domain/slate-filter.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import type { Peer } from '#platform/http/peer.ts';
import {
  InterestsAnswer,
  itemsOfSlate,
  RecommendationsAnswer,
  toInterestsAnswer,
  toRecommendationsAnswer,
} from './answers.ts';
import { CursorParameter, pageOf } from './cursors.ts';
import { ANY_ID, demandId, idSchema } from './id-schema.ts';
import { addItemRoutes } from './item-routes.ts';
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
/** A parameter that no route knows is a fault, so that a typing error does not vanish silently. */
const STRICT = { additionalProperties: false };

const RecommendationsQuery = Type.Object(
  {
    userId: idSchema('For whom.', '2375'),
    n: Count,
    surface: Type.Optional(
      Type.String({
        pattern: SURFACE_PATTERN,
        description:
          'Where the slate is shown, such as home or basket; 1 to 32 lower-case letters, digits and hyphens.',
      }),
    ),
    device: Type.Optional(
      Type.Enum([...DEVICES], { description: 'On what kind of device the user sees it.' }),
    ),
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
  },
  STRICT,
);
const part = {
  n: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_MEDOIDS,
      description: 'At most so many medoids; all by default.',
    }),
  ),
  cursor: CursorParameter,
};
const InterestsQuery = Type.Object(part, STRICT);
const UserInterestsQuery = Type.Object({ userId: idSchema('Whose interests.', '2375'), ...part }, STRICT);
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
    addItemRoutes(polled, peers);
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
  const response = readAnswers(InterestsAnswer, {
    unknown: 'The user has no action in the window.',
    isPolled: true,
  });
  const summary = 'The medoids of a user’s window, the most important first';
  type Part = Static<typeof InterestsQuery>;

  async function readInterests(request: FastifyRequest, reply: FastifyReply, userId: string, of: Part) {
    demandUser(userId);
    const trace = continueTrace(request, reply);
    const interests = await peers.interests.get<UserInterests>(`/users/${encodeURIComponent(userId)}`, trace);
    const { n = MAX_MEDOIDS, cursor } = of;
    const list = { of: `interests/${userId}`, version: `${interests.version}/${interests.generation}` };
    const { entries, next } = pageOf(interests.medoids, { ...list, n, cursor });
    const titleOf = await titles(
      entries.map(({ itemId }) => itemId),
      trace,
    );
    return { ...toInterestsAnswer(interests, entries, titleOf), next };
  }

  http.get<{ Params: Static<typeof UserParams>; Querystring: Part }>(
    '/v1/users/:id/interests',
    {
      schema: {
        operationId: 'readInterests',
        summary,
        params: UserParams,
        querystring: InterestsQuery,
        response,
      },
    },
    (request, reply) => readInterests(request, reply, request.params.id, request.query),
  );
  http.get<{ Querystring: Static<typeof UserInterestsQuery> }>(
    '/v1/interests',
    {
      schema: {
        operationId: 'findInterests',
        summary: `${summary}; ${ANY_ID}`,
        querystring: UserInterestsQuery,
        response,
      },
    },
    (request, reply) => readInterests(request, reply, request.query.userId, request.query),
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
