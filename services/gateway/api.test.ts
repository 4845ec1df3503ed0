import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Value } from 'typebox/value';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import { aMedoid, aSlate, someInterests } from '#contracts/domain/records.testing.ts';
import { ERROR_REMEDIES, TributaryError } from '#contracts/errors.ts';
import type { ProblemMembers } from '#platform/http/error-body.ts';
import { createHttpServer } from '#platform/http/server.ts';
import { createLifecycle } from '#platform/lifecycle.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { InterestsAnswer, ItemAnswer, RecommendationsAnswer, SimilarItemsAnswer } from './answers.ts';
import { ActionInput } from './ingest/action.ts';
import { IdentifiedItemInput, ItemInput } from './ingest/item.ts';
import { addOpenApi } from './openapi.ts';
import { addReadRoutes, type Peers } from './read-routes.ts';

const log = pino({ level: 'silent' });
const NEAR = ['a', 'b', 'c', 'd', 'e'];

describe('the API of the gateway', () => {
  let http: FastifyInstance;
  let version = 5;
  let asked: unknown;
  let explained: ExplainedSlate | undefined;
  let served = 'g1';
  let listedAt = 7;

  const peers = {
    rerank: {
      async post(_path: string, body: unknown) {
        asked = body;
        return explained ?? aSlate({ slateId: 's1' });
      },
      async get(path: string) {
        if (path === '/inspect/items?itemId=nothing') return { item: null };
        return { item: { categories: ['Grocery'], attributes: { brand: 'Store' }, updatedAt: listedAt } };
      },
    },
    interests: {
      async get(path: string) {
        if (path.endsWith('u1') || path === '/users/..')
          return someInterests({ version, medoids: NEAR.map((itemId) => aMedoid({ itemId })) });
        throw new TributaryError('user.unknown', 'no action of user “u2” is known', {
          status: 404,
          field: 'id',
        });
      },
    },
    index: {
      items: async ([itemId]: string[]) =>
        itemId === 'nothing' ? {} : { [itemId!]: { title: 'Oats', availability: 'available', image: 'x' } },
      similar: async (itemId: string, n: number) => ({
        itemId,
        title: itemId,
        generation: served,
        items: NEAR.slice(0, n).map((near) => ({ itemId: near, title: near, score: 0.5 })),
      }),
    },
  } as unknown as Peers;

  before(async () => {
    const lifecycle = createLifecycle({ log, deadlineMs: 1_000, exit: () => undefined });
    http = createHttpServer({ log, lifecycle, metrics: createMetrics('gateway'), readiness: [] });
    await addOpenApi(http);
    await addReadRoutes(http, peers, async () => (itemId) => itemId);
    await http.ready();
  });

  after(() => http.close());

  it('answers 304 without a body while a polled answer has the same ETag', async () => {
    const url = '/v1/users/u1/interests';
    const first = await http.inject({ url });
    const { etag } = first.headers as { etag: string };
    assert.equal(first.statusCode, 200);
    const again = await http.inject({ url, headers: { 'if-none-match': etag } });
    assert.deepEqual([again.statusCode, again.body], [304, '']);
    version = 6;
    const changed = await http.inject({ url, headers: { 'if-none-match': etag } });
    assert.equal(changed.statusCode, 200);
    assert.notEqual(changed.headers.etag, etag);
  });

  it('lists are read in parts by the cursor of each answer, and no part mixes two lists', async () => {
    type Answer = { items?: { itemId: string }[]; medoids?: { itemId: string }[]; next: string | null };
    for (const path of [
      '/v1/items/oats/similar?n=2',
      '/v1/users/u1/interests?n=2',
      '/v1/similar?itemId=..&n=2',
      '/v1/interests?userId=..&n=2',
    ]) {
      const read: string[] = [];
      let cursor = '';
      do {
        const { statusCode, body } = await http.inject({ url: `${path}${cursor}` });
        assert.equal(statusCode, 200, body);
        const { items, medoids, next } = JSON.parse(body) as Answer;
        read.push(...(items ?? medoids!).map(({ itemId }) => itemId));
        cursor = next === null ? '' : `&cursor=${next}`;
      } while (cursor !== '');
      assert.deepEqual(read, NEAR, path);
    }
    const whole = (await http.inject({ url: '/v1/users/u1/interests' })).json<Answer>();
    assert.deepEqual([whole.medoids!.length, whole.next], [NEAR.length, null], 'all by default');
    const { next } = (await http.inject({ url: '/v1/items/oats/similar?n=2' })).json<Answer>();
    const elsewhere = await http.inject({ url: `/v1/similar?itemId=..&n=2&cursor=${next}` });
    assert.equal(elsewhere.statusCode, 400);
    assert.match(elsewhere.json<{ error: { reason: string } }>().error.reason, /^belongs to another list/);
    assert.equal(
      (await http.inject({ url: `/v1/similar?itemId=oats&n=2&cursor=${next}` })).statusCode,
      200,
      'the same list by another route',
    );
    served = 'g2';
    for (const bad of [next, 'x', '']) {
      const { statusCode, body } = await http.inject({ url: `/v1/items/oats/similar?n=2&cursor=${bad}` });
      assert.deepEqual([statusCode, (JSON.parse(body) as { field: string }).field], [400, 'cursor']);
    }
    served = 'g1';
  });

  it('lets nobody keep a slate, because each request has its own', async () => {
    const { headers } = await http.inject({ url: '/v1/recommendations?userId=u1' });
    assert.deepEqual([headers['cache-control'], headers.etag], ['no-store', undefined]);
  });

  it('hands over filters by categories, attributes and excluded items, each given once or several times', async () => {
    await http.inject({ url: '/v1/recommendations?userId=u1' });
    assert.deepEqual(asked, { userId: 'u1', n: 10 });
    const query =
      'category=Dairy&category=Bakery&allCategories=Hot&attribute=brand:a:b&exclude=i1&exclude=i2';
    await http.inject({ url: `/v1/recommendations?userId=u1&${query}` });
    const last = (): unknown => asked;
    assert.deepEqual((last() as { filter: unknown }).filter, {
      anyCategory: ['Dairy', 'Bakery'],
      allCategories: ['Hot'],
      attributes: ['brand:a:b'],
      exclude: ['i1', 'i2'],
    });
    const many = Array.from({ length: 101 }, (_, place) => `exclude=i${place}`).join('&');
    for (const [bad, field] of [
      ['attribute=brand', 'attribute[0]'],
      ['category=', 'category[0]'],
      [many, 'exclude'],
    ]) {
      const { statusCode, body } = await http.inject({ url: `/v1/recommendations?userId=u1&${bad}` });
      assert.deepEqual([statusCode, (JSON.parse(body) as { field: string }).field], [400, field], bad);
    }
  });

  it('hands over where a slate is shown, and whether it is a probe or is to be explained', async () => {
    const ask = (query: string) => http.inject({ url: `/v1/recommendations?userId=u1&${query}` });
    await ask('surface=home&device=mobile&probe=true&explain=false');
    assert.deepEqual(asked, { userId: 'u1', n: 10, surface: 'home', device: 'mobile', probe: true });
    await ask('list=bought-again');
    assert.deepEqual(asked, { userId: 'u1', n: 10, list: 'bought-again' });
    await ask('context=rain&context=gift');
    assert.deepEqual(asked, { userId: 'u1', n: 10, context: ['rain', 'gift'] });
    for (const [bad, field] of [
      ['context=Rain', 'context[0]'],
      [Array.from({ length: 9 }, (_, n) => `context=c${n}`).join('&'), 'context'],
      ['surface=Home+page', 'surface'],
      ['list=trending', 'list'],
      ['device=toaster', 'device'],
      ['probe=yes', 'probe'],
      ['explain=1', 'explain'],
    ]) {
      const { statusCode, body } = await ask(bad!);
      assert.deepEqual([statusCode, (JSON.parse(body) as { field: string }).field], [400, field], bad);
    }
  });

  it('refuses the id that stands for everyone, of whom there is no slate and no interest', async () => {
    for (const url of ['/v1/recommendations?userId=*', '/v1/users/*/interests', '/v1/users/%2A/interests']) {
      const { statusCode, body } = await http.inject({ url });
      assert.deepEqual(
        [statusCode, (JSON.parse(body) as { code: string }).code],
        [400, 'user.reserved'],
        url,
      );
    }
  });

  it('answers with the reasons of each place and of the slate where they are asked for', async () => {
    const slot = {
      ...{ proposers: [{ model: 'trending', rank: 2 }], medoid: null, rules: ['pinned'] },
      ...{ features: { bias: 1 }, contributions: { bias: 0.5 }, propensity: 0.5, conditional: 1 },
    };
    const explain = {
      slots: [slot],
      given: { trending: 9 },
      proposed: { trending: 1 },
      removed: { 'not-available': 3 },
      unknown: ['Diary'],
    };
    explained = { ...aSlate(), explain };
    const { statusCode, body } = await http.inject({ url: '/v1/recommendations?userId=u1&explain=true' });
    explained = undefined;
    assert.equal(statusCode, 200, body);
    const answer = JSON.parse(body) as { items: { explain: unknown }[]; explain: unknown };
    assert.deepEqual(answer.items[0]!.explain, slot);
    assert.deepEqual(answer.explain, {
      given: { trending: 9 },
      proposed: { trending: 1 },
      removed: { 'not-available': 3 },
      unknown: ['Diary'],
    });
  });

  it('describes an error by RFC 9457, with its code and remedy, and as before', async () => {
    for (const [url, status, code] of [
      ['/v1/users/u2/interests', 404, 'user.unknown'],
      ['/v1/recommendations?userId=u1&n=0', 400, 'field.invalid'],
      ['/nowhere', 404, 'route.unknown'],
    ] as const) {
      const { statusCode, headers, body } = await http.inject({ url });
      assert.equal(statusCode, status);
      assert.match(String(headers['content-type']), /^application\/problem\+json/);
      const problem = JSON.parse(body) as ProblemMembers & { error: { code: string; reason: string } };
      const { type, title, detail, error } = problem;
      assert.deepEqual([problem.status, problem.code, problem.remedy], [status, code, ERROR_REMEDIES[code]]);
      assert.deepEqual([type, error.code], [`/docs#error-${code}`, code]);
      assert.ok(detail.includes(error.reason) && detail.endsWith(`. ${ERROR_REMEDIES[code]}`), detail);
      assert.match(title, /^[A-Z][a-z ]+$/);
    }
  });

  it('the detail of an error is whole sentences: the field and what is wrong with it, then the remedy', async () => {
    for (const [url, detail] of [
      ['/v1/recommendations?userId=u1&n=0', /^n must be >= 1\. Correct the named field/],
      ['/v1/recommendations', /^userId is missing\. Add the named field\.$/],
      ['/v1/users/*/interests', /^userId is reserved: it stands for everyone\. Choose another id/],
      ['/v1/items/nothing', /^the catalogue lists no item “nothing”\. Put the item/],
    ] as const)
      assert.match((await http.inject({ url })).json<ProblemMembers>().detail, detail);
  });

  it('an unknown parameter is refused by its name, with the one that was probably meant', async () => {
    for (const [url, field, reason] of [
      ['/v1/recommendations?userId=u1&catgory=Dairy', 'catgory', /perhaps category is meant/],
      ['/v1/recommendations?userID=u1', 'userID', /perhaps userId is meant/],
      [
        '/v1/recommendations?userId=u1&limit=5',
        'limit',
        /not a known parameter: the parameters are userId, n,/,
      ],
      ['/v1/items/oats/similar?curser=x', 'curser', /perhaps cursor is meant/],
      ['/v1/similar?itemid=oats', 'itemid', /perhaps itemId is meant/],
      ['/v1/users/u1/interests?limt=5', 'limt', /the parameters are n, cursor/],
      ['/v1/interests?user=u1', 'user', /perhaps userId is meant/],
      ['/v1/items/oats?fields=title', 'fields', /there are none here/],
    ] as const) {
      const { statusCode, body } = await http.inject({ url });
      const { error } = JSON.parse(body) as { error: { code: string; field: string; reason: string } };
      assert.deepEqual([statusCode, error.code, error.field], [400, 'field.invalid', field], url);
      assert.match(error.reason, reason);
    }
  });

  it('an item is read by its id in the path or in the query, and answers 304 until it is put again', async () => {
    const whole = {
      ...{ itemId: 'oats', title: 'Oats', availability: 'available', categories: ['Grocery'] },
      ...{ attributes: { brand: 'Store' }, updatedAt: 7 },
    };
    for (const url of ['/v1/items/oats', '/v1/items?itemId=oats']) {
      const first = await http.inject({ url });
      assert.deepEqual([first.statusCode, first.json()], [200, whole]);
      const headers = { 'if-none-match': String(first.headers.etag) };
      assert.equal((await http.inject({ url, headers })).statusCode, 304);
      listedAt = 8;
      assert.equal((await http.inject({ url, headers })).statusCode, 200);
      listedAt = 7;
    }
    const { statusCode, headers, body } = await http.inject({ url: '/v1/items?itemId=nothing' });
    assert.deepEqual([statusCode, (JSON.parse(body) as ProblemMembers).code], [404, 'item.unlisted']);
    assert.match(String(headers['content-type']), /^application\/problem\+json/);
  });

  it('ids of dots, slashes and percent signs are read as they are, by clients that resolve paths too', async () => {
    for (const id of ['.', '..', 'a/b', '100%', '%2e%2e', ' ', 'é']) {
      const encoded = encodeURIComponent(id);
      for (const url of [`/v1/items?itemId=${encoded}`, `/v1/similar?itemId=${encoded}`]) {
        const { pathname, search } = new URL(url, 'http://gateway');
        const { statusCode, body } = await http.inject({ url: pathname + search });
        assert.deepEqual([statusCode, (JSON.parse(body) as { itemId: string }).itemId], [200, id]);
      }
    }
    assert.equal((await http.inject({ url: '/v1/interests?userId=..' })).statusCode, 200);
    // What a path becomes in a browser is an error, and names what is missing.
    const { pathname } = new URL('/v1/users/../interests', 'http://gateway');
    assert.deepEqual((await http.inject({ url: pathname })).json<ProblemMembers>().field, 'userId');
  });

  it('describes its routes with examples, the media type of errors, and a place for each code', async () => {
    const description = (await http.inject({ url: '/openapi.json' })).json<{
      info: { description: string };
      paths: Record<
        string,
        {
          get: {
            responses: Record<string, { content?: object }>;
            parameters: Array<{ name: string; required?: boolean }>;
          };
        }
      >;
    }>();
    const { responses, parameters } = description.paths['/v1/recommendations']!.get;
    assert.deepEqual(Object.keys(responses['400']!.content!), ['application/problem+json']);
    assert.match(JSON.stringify(parameters.find(({ name }) => name === 'userId')), /2375/);
    const required = parameters.filter((parameter) => parameter.required === true);
    assert.deepEqual(
      required.map(({ name }) => name),
      ['userId'],
    );
    for (const code of Object.keys(ERROR_REMEDIES))
      assert.ok(description.info.description.includes(`id="error-${code}"`), code);
    assert.ok(description.paths['/v1/users/{id}/interests']!.get.responses['304']);
  });

  it('shows examples that its own schemas accept', async () => {
    const examples = [
      RecommendationsAnswer,
      InterestsAnswer,
      SimilarItemsAnswer,
      ItemAnswer,
      ActionInput,
      ItemInput,
      IdentifiedItemInput,
    ].map((schema) => [schema, (schema as { examples?: unknown[] }).examples?.[0]] as const);
    for (const [schema, example] of examples) assert.deepEqual([...Value.Errors(schema, example)], []);
  });

  it('renders the description at /docs', async () => {
    const { statusCode, headers, body } = await http.inject({ url: '/docs/' });
    const { location } = headers;
    const page = location === undefined ? { statusCode, body } : await http.inject({ url: String(location) });
    assert.equal(page.statusCode, 200);
    assert.match(page.body, /swagger-ui/);
  });
});
