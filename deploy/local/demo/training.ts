import { createPeer } from '#platform/http/peer.ts';
import type { Gateway } from '../data/gateway.ts';
import { SetupError } from '../parts/setup-error.mjs';
import type { Cluster } from './cluster.ts';
import { waitFor } from './wait.ts';

export interface ActiveGeneration {
  readonly id: string;
  readonly state: 'active';
  /** Items that the index serves. */
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
/** From the end of training to the flip of the index: vectors travel, the graph is built and its recall is checked. */
const FLIP_TIMEOUT_MS = 120_000;

/**
 * Starts a retraining and waits until the index serves its generation.
 *
 * @throws {SetupError} when the generation failed its gate or did not become active in time
 */
export async function trainFirstGeneration(cluster: Cluster): Promise<ActiveGeneration> {
  const retrain = createPeer({ name: 'retrain', url: cluster.url('retrain'), timeoutMs: 10_000 });
  const index = createPeer({ name: 'index', url: cluster.url('index'), timeoutMs: 10_000 });
  try {
    const { generation } = await retrain.post<{ generation: string }>('/retrain', {});
    const last = await waitFor(
      `Training generation ${generation}`,
      async () => {
        const status = await retrain.get<RetrainStatus>('/status');
        return status.last?.generation === generation ? status.last : undefined;
      },
      { timeoutMs: TRAINING_TIMEOUT_MS, everyMs: 500 },
    );
    if (last.state === 'rejected') {
      throw new SetupError(
        `Generation ${generation} was rejected: ${last.reason}`,
        'Give more actions (--limit): too few cannot be learned from',
      );
    }
    return await waitFor(
      `Serving generation ${generation}`,
      async () => {
        const { active } = await index.get<IndexStatus>('/status');
        if (active?.generation !== generation) return undefined;
        return { id: generation, state: 'active' as const, items: active.items };
      },
      { timeoutMs: FLIP_TIMEOUT_MS },
    );
  } finally {
    await Promise.all([retrain.close(), index.close()]);
  }
}

/** Waits until the interests of these users are clustered in the generation. */
export async function waitForInterests(
  gateway: Gateway,
  users: readonly string[],
  { id }: ActiveGeneration,
): Promise<void> {
  await waitFor(
    `Clustering the users in generation ${id}`,
    async () => {
      const interests = await Promise.all(users.map((userId) => gateway.interests(userId)));
      return interests.every((found) => found?.generation === id) || undefined;
    },
    { timeoutMs: FLIP_TIMEOUT_MS },
  );
}
