import type { FastifyInstance } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';
import type { Lifecycle } from '#platform/lifecycle.ts';
import type { RetrainingSchedule } from './schedule.ts';

export function addRoutes(http: FastifyInstance, schedule: RetrainingSchedule, lifecycle: Lifecycle): void {
  http.get('/status', async () => schedule.status);
  http.post('/retrain', async (_request, reply) => {
    // While the log is still being read, a generation would be trained on a part of it.
    if (lifecycle.state !== 'ready') {
      throw new TributaryError('stage.not-ready', `the stage is ${lifecycle.state}`, {
        status: 503,
        retryable: true,
      });
    }
    reply.code(202);
    return { generation: schedule.start() };
  });
}
