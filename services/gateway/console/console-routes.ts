/** The console: its pages at `/`, and what only it asks for below `/console`. Actions of users go through the API. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import type { Peer } from '#platform/http/peer.ts';
import type { StagePorts } from '#platform/stage.ts';
import { TOPICS, type TopicName } from '#topics/catalog.ts';
import { parseCondition } from '#topics/filter.ts';
import { parsePosition } from '#topics/positions.ts';
import { isTopicName, tailTopic } from '#topics/tail.ts';
import { addDecisions, type DecisionOptions } from './decisions.ts';
import { createLiveFeed } from './live-feed.ts';
import { addReads } from './reads.ts';
import { openEventStream } from './sse.ts';

const STATIC = join(dirname(fileURLToPath(import.meta.url)), 'static');
const UPLOT = dirname(fileURLToPath(import.meta.resolve('uplot')));

/** Pages load nothing from elsewhere, but pictures of items. */
const POLICY =
  "default-src 'self'; img-src * data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const TailQuery = Type.Object(
  {
    topic: Type.String(),
    from: Type.String({ default: 'last:2' }),
    key: Type.Optional(Type.String()),
    filter: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** Most clients that listen to events at once. */
const MAX_STREAMS = 50;

export interface ConsoleOptions {
  readonly index: IndexClient;
  readonly rerank: Pick<Peer, 'get'>;
  readonly propose: Pick<Peer, 'get'>;
  /** Whether only this machine may ask, by whichever name. */
  readonly isLocal: boolean;
  /** Whether people may change what is served. */
  readonly mayDecide: boolean;
  readonly countDecision: DecisionOptions['count'];
}

export async function addConsole(stage: StagePorts, options: ConsoleOptions): Promise<void> {
  const { kafka, codec, config, log, lifecycle } = stage;
  const { index, rerank, propose, isLocal, mayDecide, countDecision } = options;
  const clients = { kafka, codec, namespace: config.namespace, signal: lifecycle.signal };
  const feed = createLiveFeed({ kafka, codec, namespace: config.namespace, log });
  lifecycle.onStop('console', () => feed.close());
  await stage.http.register(async (http) => {
    if (isLocal) http.addHook('onRequest', demandLocalName);
    await addFiles(http);
    addStreams({ ...stage, http }, feed);
    await http.register((reads) => addReads(reads, { clients, index, rerank, propose, mayDecide }));
    addDecisions(http, { clients, rerank, log, isOn: mayDecide, count: countDecision });
  });
}

/**
 * A page of another site could reach this machine under a name of its own that resolves to a loopback address, and would then
 * read what the console shows.
 */
async function demandLocalName({ hostname }: FastifyRequest): Promise<void> {
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return;
  const reason = `the console is served to this machine alone, not under the name ${hostname}`;
  throw new TributaryError('route.unknown', reason, { status: 404 });
}

async function addFiles(http: FastifyInstance): Promise<void> {
  await http.register(async (files) => {
    files.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', POLICY).header('x-content-type-options', 'nosniff');
    });
    // Names that no file can have, such as those with a zero byte, are files that do not exist.
    files.setErrorHandler<FastifyError>((error, { url }) => {
      if (error instanceof TributaryError || (error.statusCode ?? 500) >= 500) throw error;
      throw new TributaryError('route.unknown', `there is no file ${url.slice(0, 200)}`, { status: 404 });
    });
    await files.register(fastifyStatic, { root: STATIC, prefix: '/console/files/', decorateReply: true });
    await files.register(fastifyStatic, { root: UPLOT, prefix: '/console/uplot/', decorateReply: false });
    files.get('/', { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html', STATIC));
  });
}

function addStreams(
  { http, lifecycle, kafka, codec, config }: StagePorts,
  feed: ReturnType<typeof createLiveFeed>,
): void {
  let streams = 0;
  const open = (reply: Parameters<typeof openEventStream>[0]) => {
    if (streams >= MAX_STREAMS)
      throw new TributaryError('stage.overloaded', `${streams} pages listen already`, {
        status: 503,
        retryable: true,
      });
    const stream = openEventStream(reply, lifecycle.signal);
    streams += 1;
    stream.signal.addEventListener('abort', () => {
      streams -= 1;
    });
    return stream;
  };

  http.get('/console/events', { schema: { hide: true } }, (_request, reply) => {
    const stream = open(reply);
    const leave = feed.listen((json) => stream.send('interval', json));
    stream.signal.addEventListener('abort', leave);
  });

  http.get<{ Querystring: Static<typeof TailQuery> }>(
    '/console/tail',
    { schema: { hide: true, querystring: TailQuery } },
    (request, reply) => {
      const { topic, from, key, filter } = request.query;
      const options = { topic: demandTopic(topic), ...demandSelection(from, filter) };
      const stream = open(reply);
      tailTopic({
        ...options,
        kafka,
        codec,
        namespace: config.namespace,
        follow: true,
        json: true,
        signal: stream.signal,
        ...(key !== undefined && key !== '' && { key }),
        write: (line) => stream.send('message', line.trim()),
      })
        .catch((error: unknown) => stream.send('failure', JSON.stringify({ reason: reasonOf(error) })))
        .finally(stream.close);
    },
  );
}

function demandTopic(topic: string): TopicName {
  if (isTopicName(topic)) return topic;
  const reason = `is ${topic}; the topics are ${TOPICS.map(({ name }) => name).join(', ')}`;
  throw new TributaryError('field.invalid', reason, { status: 400, field: 'topic' });
}

function demandSelection(from: string, filter: string | undefined) {
  try {
    const conditions = filter === undefined || filter === '' ? [] : [parseCondition(filter)];
    return { from: parsePosition(from, Date.now()), conditions };
  } catch (error) {
    throw new TributaryError('field.invalid', reasonOf(error), { status: 400 });
  }
}
