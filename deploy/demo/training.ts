import { createPeer, type Peer } from '#platform/http/peer.ts';
import type { Gateway } from '../data/gateway.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { Cluster } from './cluster.ts';
import { waitUntil } from './wait.ts';

export interface ActiveGeneration {
  readonly id: string;
  readonly state: 'active';
  /** Number of items that the index serves. */
  readonly items: number;
}

interface IndexStatus {
  readonly active: { readonly generation: string; readonly items: number } | null;
}

interface RetrainStatus {
  readonly running: string | null;
  readonly last: {
    readonly generation: string;
    readonly state: string;
    readonly reason: string | null;
  } | null;
}

const TRAINING_TIMEOUT_MS = 20 * 60_000;
/**
 * Time from the end of training to the flip of the index: vectors are published, the graph is built and its recall
 * checked.
 */
const FLIP_TIMEOUT_MS = 120_000;

/**
 * Retrains and waits until the generation is served.
 *
 * @throws {SetupError} if the generation failed its gate, or was not trained or served in time
 */
export async function trainFirstGeneration(cluster: Cluster): Promise<ActiveGeneration> {
  const retrain = createPeer({ name: 'retrain', url: cluster.url('retrain'), timeoutMs: 10_000 });
  const index = createPeer({ name: 'index', url: cluster.url('index'), timeoutMs: 10_000 });
  try {
    const { generation, state, reason } = await trainOnce(retrain);
    if (state === 'rejected') {
      throw new SetupError(
        `Generation ${generation} was rejected: ${reason}`,
        'Use more actions (--limit), or more time for training (TRIBUTARY_RETRAIN_SECONDS)',
      );
    }
    return await served(index, generation);
  } finally {
    await Promise.all([retrain.close(), index.close()]);
  }
}

async function trainOnce(retrain: Peer): Promise<NonNullable<RetrainStatus['last']>> {
  const { generation } = await retrain.post<{ generation: string }>('/retrain', {});
  return waitUntil(
    `Training generation ${generation}`,
    async () => {
      const { last } = await retrain.get<RetrainStatus>('/status');
      return last?.generation === generation ? last : undefined;
    },
    { timeoutMs: TRAINING_TIMEOUT_MS, everyMs: 500 },
  );
}

function served(index: Peer, generation: string): Promise<ActiveGeneration> {
  return waitUntil(
    `Serving generation ${generation}`,
    async () => {
      const { active } = await index.get<IndexStatus>('/status');
      if (active?.generation !== generation) return undefined;
      return { id: generation, state: 'active' as const, items: active.items };
    },
    { timeoutMs: FLIP_TIMEOUT_MS },
  );
}

/** Waits until the interests of these users are clustered in the generation. */
export async function waitForInterests(
  gateway: Gateway,
  users: readonly string[],
  { id }: ActiveGeneration,
): Promise<void> {
  await waitUntil(
    `Clustering the users in generation ${id}`,
    async () => {
      const interests = await Promise.all(users.map((userId) => gateway.interests(userId)));
      return interests.every((found) => found?.generation === id) || undefined;
    },
    { timeoutMs: FLIP_TIMEOUT_MS },
  );
}
