/** What only the console asks for: it reads the log and other stages. */
import etag from '@fastify/etag';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import { unknownExperiment } from '#operations/experiments/decide.ts';
import { readExperiments, readOutcomes } from '#operations/experiments/experiment-log.ts';
import { reportOf } from '#operations/experiments/report.ts';
import type { Peer } from '#platform/http/peer.ts';
import { kindToJson, readDeadLetterKinds } from '#topics/dead-letter-kinds.ts';
import { listTopics } from '#topics/list.ts';
import { readBanditReport } from './bandit-report.ts';
import { readItemStory } from './item-story.ts';
import type { LogClients } from './log-clients.ts';
import { createOncePerKey } from './once-per-key.ts';
import { readDeclaredReleases } from './releases.ts';
import { readUserStory } from './user-story.ts';

const Id = Type.String({ minLength: 1 });
const IdParams = Type.Object({ id: Id });
const NeighboursQuery = Type.Object({ generation: Id });
const NameParams = Type.Object({ name: Id });
const VectorsBody = Type.Object({ generation: Id, itemIds: Type.Array(Id, { maxItems: 200 }) });
const ItemsBody = Type.Object({ itemIds: Type.Array(Id, { maxItems: 500 }) });

export interface ConsoleReadOptions {
  readonly clients: LogClients;
  readonly index: IndexClient;
  readonly rerank: Pick<Peer, 'get'>;
  readonly propose: Pick<Peer, 'get'>;
  /** Whether the console may change anything. */
  readonly mayDecide: boolean;
}

/** Adds the routes with an ETag, because the pages ask for most of them again and again. */
export async function addReads(
  http: FastifyInstance,
  { clients, index, rerank, propose, mayDecide }: ConsoleReadOptions,
): Promise<void> {
  await http.register(etag);
  const { kafka, namespace } = clients;
  const hidden = { hide: true };
  http.get('/console/settings', { schema: hidden }, async () => ({ mayDecide }));
  http.get('/console/topics', { schema: hidden }, () => listTopics(kafka, namespace));
  http.get('/console/bandit', { schema: hidden }, async () => {
    const [report, learned] = await Promise.all([
      readBanditReport(clients),
      rerank.get<object>('/inspect/policy').catch((error: unknown) => ({ unavailable: reasonOf(error) })),
    ]);
    return { ...report, learned };
  });
  http.get('/console/releases', { schema: hidden }, () => readDeclaredReleases(clients));
  http.get('/console/dead-letters', { schema: hidden }, async () => {
    const kinds = await readDeadLetterKinds({ ...clients, from: { at: 'last', count: 10_000 } });
    return kinds.map(kindToJson);
  });
  addExperiments(http, clients);
  http.get<{ Params: Static<typeof IdParams> }>(
    '/console/users/:id/story',
    { schema: { ...hidden, params: IdParams } },
    (request) => readUserStory(clients, request.params.id),
  );
  http.get<{ Params: Static<typeof IdParams> }>(
    '/console/users/:id/lists',
    { schema: { ...hidden, params: IdParams } },
    (request) => rerank.get(`/inspect/users/${encodeURIComponent(request.params.id)}/lists?n=20`),
  );
  http.get<{ Params: Static<typeof IdParams> }>(
    '/console/items/:id/story',
    { schema: { ...hidden, params: IdParams } },
    (request) => readItemStory(clients, request.params.id),
  );
  http.get<{ Params: Static<typeof IdParams>; Querystring: Static<typeof NeighboursQuery> }>(
    '/console/items/:id/neighbours',
    { schema: { ...hidden, params: IdParams, querystring: NeighboursQuery } },
    ({ params: { id }, query: { generation } }) => {
      const query = `generation=${encodeURIComponent(generation)}&n=10`;
      return propose.get(`/inspect/items/${encodeURIComponent(id)}/neighbours?${query}`);
    },
  );
  http.post<{ Body: Static<typeof VectorsBody> }>(
    '/console/vectors',
    { schema: { ...hidden, body: VectorsBody } },
    ({ body }) => index.vectors(body.generation, body.itemIds),
  );
  http.post<{ Body: Static<typeof ItemsBody> }>(
    '/console/items',
    { schema: { ...hidden, body: ItemsBody } },
    ({ body }) => index.items(body.itemIds),
  );
}

/** A report reads all slates since the start of its experiment, so that those who ask at the same time share one. */
function addExperiments(http: FastifyInstance, clients: LogClients): void {
  const report = createOncePerKey(async (name: string) => {
    const book = await readExperiments(clients);
    const experiment = book.get(name);
    if (experiment === undefined) {
      const details = { status: 404, field: 'name' };
      throw new TributaryError('field.invalid', unknownExperiment(book, name), details);
    }
    return reportOf(experiment, await readOutcomes(clients, experiment));
  });
  http.get('/console/experiments', { schema: { hide: true } }, async () => {
    return (await readExperiments(clients)).declared;
  });
  http.get<{ Params: Static<typeof NameParams> }>(
    '/console/experiments/:name',
    { schema: { hide: true, params: NameParams } as object },
    (request) => report(request.params.name),
  );
}
