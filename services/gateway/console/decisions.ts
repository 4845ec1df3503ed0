/** What a person may change from the console: the served generation, experiments, and dead letters. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { TributaryError } from '#contracts/errors.ts';
import { changeExperiment } from '#operations/experiments/change-experiment.ts';
import { decidePromotion, decideStart, decideStop } from '#operations/experiments/decide.ts';
import {
  mayBeFixedOrders,
  readLateColumns,
  reasonAgainstOrder,
} from '#operations/experiments/fixed-orders.ts';
import { activate, activateFormer } from '#operations/releases/change-releases.ts';
import type { Peer } from '#platform/http/peer.ts';
import { requeueDeadLetters } from '#topics/requeue.ts';
import { isTopicName } from '#topics/tail.ts';
import { createActionGuard } from './action-guard.ts';
import type { LogClients } from './log-clients.ts';

const Name = Type.String({ minLength: 1, maxLength: 200 });
const ActivateBody = Type.Object({ generation: Name }, { additionalProperties: false });
const RequeueBody = Type.Object({ topic: Name, code: Name, stage: Name }, { additionalProperties: false });
const StartBody = Type.Object(
  {
    name: Name,
    arms: Type.Array(
      Type.Object(
        {
          name: Name,
          policy: Type.String({ maxLength: 500 }),
          share: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 2, maxItems: 16 },
    ),
  },
  { additionalProperties: false },
);
const PromoteBody = Type.Object({ arm: Name }, { additionalProperties: false });
const NameParams = Type.Object({ name: Name });

/** The names of the decisions, as the metric counts them. */
export type DecisionName = 'activate' | 'rollback' | 'requeue' | 'start' | 'stop' | 'promote';

export interface DecisionOptions {
  readonly clients: LogClients;
  readonly rerank: Pick<Peer, 'get'>;
  readonly log: Logger;
  /** Whether the console may change anything. */
  readonly isOn: boolean;
  readonly count: (decision: DecisionName, outcome: string) => void;
}

/** Adds the routes that change something. Each is guarded, logged and counted. */
export function addDecisions(http: FastifyInstance, options: DecisionOptions): void {
  const { clients, log, isOn, count } = options;
  const guard = createActionGuard(isOn);

  function add<B>(
    decision: DecisionName,
    path: string,
    schema: object,
    work: (body: B, name: string) => Promise<object>,
  ): void {
    http.post<{ Body: B }>(
      path,
      { schema: { hide: true, ...schema } as object, onRequest: async (request) => guard(request) },
      async (request) => {
        try {
          const result = await work(request.body as B, nameOf(request));
          count(decision, 'done');
          log.info({ decision, asked: request.body, result, from: request.ip }, 'decided in the console');
          return result;
        } catch (error) {
          count(decision, error instanceof TributaryError ? error.code : 'failed');
          throw error;
        }
      },
    );
  }

  add<Static<typeof ActivateBody>>(
    'activate',
    '/console/releases/activate',
    { body: ActivateBody },
    async ({ generation }) => ({ generation: (await activate(clients, generation)).generation }),
  );
  add('rollback', '/console/releases/rollback', {}, async () => ({
    generation: (await activateFormer(clients)).generation,
  }));
  add<Static<typeof RequeueBody>>('requeue', '/console/dead-letters/requeue', { body: RequeueBody }, (kind) =>
    requeueKind(clients, kind),
  );
  add<Static<typeof StartBody>>('start', '/console/experiments', { body: StartBody }, async (wish) => {
    const reasons = await reasonsAgainst(
      wish.arms.map(({ policy }) => policy),
      options,
    );
    return changeExperiment(clients, (book) =>
      decideStart(book, wish, (policy) => reasons.get(policy), Date.now()),
    );
  });
  add('stop', '/console/experiments/:name/stop', { params: NameParams }, (_, name) =>
    changeExperiment(clients, (book) => decideStop(book, name, Date.now())),
  );
  add<Static<typeof PromoteBody>>(
    'promote',
    '/console/experiments/:name/promote',
    { params: NameParams, body: PromoteBody },
    ({ arm }, name) => changeExperiment(clients, (book) => decidePromotion(book, name, arm, Date.now())),
  );
}

/** What rerank answers of a policy; a process of the version before has no label. */
interface InspectedName {
  readonly label?: string | null;
  readonly reason: string | null;
}

/** Returns by policy why no arm of a new experiment can have it. */
async function reasonsAgainst(
  policies: readonly string[],
  { clients, rerank }: Pick<DecisionOptions, 'clients' | 'rerank'>,
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  const late = mayBeFixedOrders(policies) ? await readLateColumns(clients) : undefined;
  for (const policy of policies) {
    const path = `/inspect/policies?name=${encodeURIComponent(policy)}`;
    const { label = null, reason } = await rerank.get<InspectedName>(path);
    const against = reason ?? (label !== null && late !== undefined && reasonAgainstOrder(label, late));
    if (against) reasons.set(policy, against);
  }
  return reasons;
}

function nameOf({ params }: FastifyRequest): string {
  return (params as { readonly name?: string }).name ?? '';
}

async function requeueKind(
  clients: LogClients,
  { topic, code, stage }: Static<typeof RequeueBody>,
): Promise<{ requeued: number; cut: number }> {
  if (!isTopicName(topic)) {
    const details = { status: 400, field: 'topic' };
    throw new TributaryError('field.invalid', `is ${topic}, which is no topic`, details);
  }
  let cut = 0;
  const requeued = await requeueDeadLetters({
    ...clients,
    from: { at: 'beginning' },
    topic,
    code,
    stage,
    onSkipped: () => {
      cut += 1;
    },
  });
  return { requeued, cut };
}
