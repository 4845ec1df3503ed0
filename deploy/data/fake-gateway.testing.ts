import fastify, { type FastifyReply } from 'fastify';
import type { DatasetAction, DatasetItem } from './dataset.ts';

/** Response of a fake gateway to one batch: a custom one, or undefined for the usual acceptance. */
export type Mood = (
  request: number,
  batch: readonly { readonly eventId?: string }[],
) => { readonly status: number; readonly body?: unknown } | undefined;

export interface FakeGateway {
  readonly url: string;
  /** Batches in the order of their arrival, rejected ones included. */
  readonly requests: readonly (readonly { readonly eventId?: string; readonly userId?: string }[])[];
  readonly actions: readonly DatasetAction[];
  readonly items: readonly DatasetItem[];
  close(): Promise<void>;
}

/** Starts a real HTTP server with the gateway's contract, one partition, and the accepted batches in memory. */
export async function startFakeGateway(mood: Mood = () => undefined): Promise<FakeGateway> {
  const server = fastify({ bodyLimit: 1_048_576 });
  const requests: DatasetAction[][] = [];
  const actions: DatasetAction[] = [];
  const items: DatasetItem[] = [];

  function take<T>(batch: T[], log: T[], reply: FastifyReply) {
    requests.push(batch as DatasetAction[]);
    const answer = mood(requests.length, batch as DatasetAction[]);
    if (answer !== undefined)
      return reply.code(answer.status).send(answer.body ?? { error: { code: 'busy', reason: 'busy' } });
    const first = log.push(...batch) - batch.length;
    const results = batch.map((_, index) => ({
      index,
      status: 'accepted',
      partition: 0,
      offset: first + index,
    }));
    return reply.code(202).send({ accepted: batch.length, rejected: 0, results });
  }

  server.post<{ Body: DatasetAction[] }>('/v1/actions', (request, reply) =>
    take(request.body, actions, reply),
  );
  server.put<{ Body: DatasetItem[] }>('/v1/items', (request, reply) => take(request.body, items, reply));
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, requests, actions, items, close: () => server.close() };
}
