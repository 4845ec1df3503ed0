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
const STRICT = { additionalProperties: false };
// Ids stand in the query: a path loses those of dots.
const UserQuery = Type.Object({ userId: Id }, STRICT);
const ItemQuery = Type.Object({ itemId: Id }, STRICT);
const NeighboursQuery = Type.Object({ itemId: Id, generation: Id }, STRICT);
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
  http.get<{ Querystring: Static<typeof UserQuery> }>(
    '/console/user-story',
    { schema: { ...hidden, querystring: UserQuery } },
    ({ query: { userId } }) => readUserStory(clients, userId),
  );
  http.get<{ Querystring: Static<typeof UserQuery> }>(
    '/console/user-lists',
    { schema: { ...hidden, querystring: UserQuery } },
    ({ query: { userId } }) => rerank.get(`/inspect/users/${encodeURIComponent(userId)}/lists?n=20`),
  );
  http.get<{ Querystring: Static<typeof ItemQuery> }>(
    '/console/item-story',
    { schema: { ...hidden, querystring: ItemQuery } },
    ({ query: { itemId } }) => readItemStory(clients, itemId),
  );
  http.get<{ Querystring: Static<typeof NeighboursQuery> }>(
    '/console/item-neighbours',
    { schema: { ...hidden, querystring: NeighboursQuery } },
    ({ query: { itemId, generation } }) => {
      const query = `generation=${encodeURIComponent(generation)}&n=10`;
      return propose.get(`/inspect/items/${encodeURIComponent(itemId)}/neighbours?${query}`);
    },
  );
  http.post<{ Body: Static<typeof VectorsBody> }>(
    '/console/vectors',
    { schema: { ...hidden, body: VectorsBody } },
    ({ body }) => index.vectors(body.generation, body.itemIds).catch(demandDeclared),
  );
  http.post<{ Body: Static<typeof ItemsBody> }>(
    '/console/items',
    { schema: { ...hidden, body: ItemsBody } },
    ({ body }) => index.items(body.itemIds),
  );
}

/** A stage waits for a generation that the log may still name; a person who looks has named one that does not exist. */
function demandDeclared(error: unknown): never {
  if (!(error instanceof TributaryError && error.code === 'generation.undeclared')) throw error;
  throw new TributaryError('generation.unknown', error.message, { status: 404, field: 'generation' });
}

/** A report reads all slates since the start of its experiment, so that those who ask at the same time share one. */
function addExperiments(http: FastifyInstance, clients: LogClients): void {
  const report = createOncePerKey(async (name: string) => {
    const book = await readExperiments(clients);
    const experiment = book.get(name);
    if (experiment === undefined) {
      const details = { status: 404, field: 'name' };
      throw new TributaryError('experiment.refused', unknownExperiment(book, name), details);
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
