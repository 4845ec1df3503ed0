import type { Head, StateLost } from '#platform/kafka/held-state.ts';
import type { Seam } from './scenario.ts';

/** A bug that was put into a stage on purpose, in a scenario whose checkers must find it. */
export interface Plant {
  readonly scenario: string;
  readonly bug: string;
  readonly seam: Seam;
  /** Seeds within which it must be found. */
  readonly seeds: number;
}

/** Enough for a bug that shows in one run of eight. */
const SEEDS_TO_FIND = 25;

type Methods = Record<string, (...parameters: never[]) => unknown>;

/** Replaces methods of the part with that name. */
function plant(
  scenario: string,
  part: string,
  bug: string,
  change: (real: Methods) => Methods,
  seeds = SEEDS_TO_FIND,
): Plant {
  const seam: Seam = (name, real) =>
    name === part ? { ...real, ...change(real as unknown as Methods) } : real;
  return { scenario, bug, seam, seeds };
}

const call = (real: Methods, method: string, ...parameters: readonly unknown[]): Promise<unknown> =>
  real[method]!(...(parameters as never[])) as Promise<unknown>;

/** Errors of this name are dropped, as if nothing were missing. */
const LOSS: StateLost['name'] = 'StateLost';

async function withoutLoss(work: Promise<unknown>, otherwise: unknown): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && error.name === LOSS) return otherwise;
    throw error;
  }
}

/** Time for which the planted producer collects messages, ms. */
const LINGER_MS = 1_000;

export const PLANTS: readonly Plant[] = [
  plant(
    'interests',
    'interests.store',
    'the head is not checked before a write',
    (real) => ({
      write: (...[partition, writes, { to }]: [never, never, { to: unknown }]) =>
        call(real, 'write', partition, writes, { to }),
    }),
    // The comparison with the log finds most of it before, so that it shows in one run of fifty.
    100,
  ),
  plant('interests', 'interests.processor', 'heads and users stay in memory after a rebalance', () => ({
    forgetPartitions: () => undefined,
  })),
  plant('interests', 'interests.state', 'the topic of the state is not compared', (real) => ({
    readHead: async (...[topic, partition]: never[]) => {
      const head = (await call(real, 'readHead', topic, partition)) as { offset: number } | undefined;
      return head && { offset: head.offset, topicId: undefined };
    },
  })),
  plant('feedback', 'feedback.recovery', 'numbers start again after a rebuild', () => ({
    lastSequence: async () => 0,
  })),
  plant('feedback', 'feedback.store', 'the ids of joined slates are not remembered', (real) => ({
    read: async (...parameters: never[]) => ({
      ...((await call(real, 'read', ...parameters)) as object),
      joined: new Set(),
    }),
  })),
  plant('rerank', 'rerank.learner', 'a repeated reward is counted again', (real) => ({
    learn: (...[batch]: never[]) => {
      const { messages, ...rest } = batch as unknown as {
        messages: { offset: number; value: { sequence: number } | null }[];
      };
      const numbered = messages.map((message) => ({
        ...message,
        value: message.value && { ...message.value, sequence: message.offset + 1 },
      }));
      return call(real, 'learn', { ...rest, messages: numbered });
    },
  })),
  plant('rerank', 'rerank.pools', 'a lost pool is not noticed', (real) => {
    const incarnations = new Map<unknown, unknown>();
    return {
      advance: (...parameters: never[]) => withoutLoss(call(real, 'advance', ...parameters), undefined),
      writeHead(...[partition, head]: never[]) {
        incarnations.set(partition, (head as unknown as Head).incarnation);
        return call(real, 'writeHead', partition, head);
      },
      async readHead(...[partition]: never[]) {
        const head = (await call(real, 'readHead', partition)) ?? { offset: 1_000_000, topicId: undefined };
        return { ...head, incarnation: incarnations.get(partition) };
      },
    };
  }),
  plant('rerank', 'rerank.pools', 'a pool of several generations is shown', (real) => ({
    read: async (...[userId]: never[]) => ({
      ...((await call(real, 'read', userId)) as object),
      generation: 'g1',
    }),
  })),
  {
    scenario: 'rerank',
    bug: 'a slate is answered before the log has it',
    seeds: SEEDS_TO_FIND,
    seam: (name, real) =>
      name !== 'rerank.publish'
        ? real
        : ((async (...parameters: never[]) => {
            const send = real as (...parameters: never[]) => Promise<void>;
            setTimeout(() => send(...parameters).catch(() => undefined), LINGER_MS);
          }) as typeof real),
  },
  plant('index', 'index.answers', '“not yet” is taken for “no longer”', () => ({ mayCome: () => false })),
  plant('index', 'index.handlers', 'a process does not follow an operator who goes back', (real) => ({
    release: (...[id, release, ...rest]: never[]) => {
      const { state, follows } = (release ?? {}) as { state?: string; follows?: number | null };
      return follows === null && state === 'ready' ? undefined : call(real, 'release', id, release, ...rest);
    },
  })),
  plant('index', 'index.handlers', 'a generation serves before all its vectors are read', (real) => ({
    release: (...[id, release, ...rest]: never[]) =>
      call(real, 'release', id, release && { ...(release as unknown as object), itemCount: 1 }, ...rest),
  })),
  plant('propose', 'propose.embeddings', '“not yet” is taken for “no longer”', (real) => ({
    find: (...[id]: never[]) => {
      try {
        return call(real, 'find', id);
      } catch {
        return undefined;
      }
    },
  })),
  plant('propose', 'propose.model', 'the users of a failing model are not tried again', (real) => ({
    propose: (...parameters: never[]) => call(real, 'propose', ...parameters).catch(() => new Map()),
  })),
  plant('propose', 'propose.pass', 'the oldest version of a user in a batch is answered last', (real) => ({
    handle: (...batches: never[]) =>
      call(
        real,
        'handle',
        ...batches.map(({ messages, ...rest }: { messages: readonly { key: string }[] }) => {
          const oldest = messages.filter(({ key }, i) => messages.findIndex((one) => one.key === key) === i);
          return { ...rest, messages: oldest };
        }),
      ),
  })),
];
