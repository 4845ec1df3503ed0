import { createPeer, type Peer } from '#platform/http/peer.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { Cluster } from './cluster.ts';
import { waitForProgress } from './wait.ts';

export interface ActiveGeneration {
  readonly id: string;
  readonly state: 'active';
  /** Number of items that the index serves. */
  readonly items: number;
  /** What the generation goes without, by name, with the reason. */
  readonly without: Readonly<Record<string, string>>;
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
    readonly without: Readonly<Record<string, string>>;
  } | null;
}

interface InterestsStatus {
  readonly served: string | null;
  readonly refreshed: string | null;
  readonly examined: number | null;
}

type Say = (line: string) => void;

/**
 * Retrains and waits until the generation is served, for as long as the stages work on it.
 *
 * @throws {SetupError} if the generation failed its gate, its training was interrupted, or nothing moves any more
 */
export async function trainFirstGeneration(cluster: Cluster, say: Say): Promise<ActiveGeneration> {
  const retrain = createPeer({ name: 'retrain', url: cluster.url('retrain'), timeoutMs: 10_000 });
  const index = createPeer({ name: 'index', url: cluster.url('index'), timeoutMs: 10_000 });
  try {
    const { generation, state, reason, without } = await trainOnce(retrain, say);
    if (state === 'rejected') {
      throw new SetupError(
        `Generation ${generation} was rejected: ${reason}`,
        'Use more actions (--limit), or more time for training (TRIBUTARY_RETRAIN_SECONDS)',
      );
    }
    for (const [part, why] of Object.entries(without)) say(`It goes without ${part}: ${why}`);
    const items = await served(index, generation, () => processorSeconds(cluster.url('index')), say);
    return { id: generation, state: 'active', items, without };
  } finally {
    await Promise.all([retrain.close(), index.close()]);
  }
}

async function trainOnce(retrain: Peer, say: Say): Promise<NonNullable<RetrainStatus['last']>> {
  const { generation } = await retrain.post<{ generation: string }>('/retrain', {});
  const since = Date.now();
  return waitForProgress(
    `Training generation ${generation}`,
    async () => {
      const { running, last } = await retrain.get<RetrainStatus>('/status');
      if (last?.generation === generation) return { found: last };
      if (running !== generation) {
        throw new SetupError(
          `The training of generation ${generation} was interrupted`,
          'Read the log of retrain in the run directory',
        );
      }
      // Every training ends, and a trainer that dies fails its training: while it runs, it is alive.
      return { progress: `under way for ${Math.round((Date.now() - since) / 1_000)} s` };
    },
    { say, everyMs: 500 },
  );
}

/** Processor time that counts as progress, in seconds: an idle stage consumes less in ten minutes. */
const SECONDS_OF_WORK = 10;

/** Returns the number of items that the index serves. It publishes no progress of a graph under construction, so that its processor time stands for it. */
function served(index: Peer, generation: string, seconds: () => Promise<number>, say: Say): Promise<number> {
  return waitForProgress(
    `Serving generation ${generation}`,
    async () => {
      const { active } = await index.get<IndexStatus>('/status');
      if (active?.generation === generation) {
        return { found: active.items };
      }
      const worked = Math.floor((await seconds()) / SECONDS_OF_WORK) * SECONDS_OF_WORK;
      return { progress: `the index has worked for ${worked} s of processor time` };
    },
    { say },
  );
}

/** Processor time of a stage since its start, in seconds. */
async function processorSeconds(url: string): Promise<number> {
  const text = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) })
    .then((response) => response.text())
    .catch(() => '');
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1] ?? 0);
}

/**
 * Waits until every user is clustered in the generation, so that the live replay is not measured under that load.
 * @param users number of users in the history
 */
export async function waitForInterests(
  cluster: Pick<Cluster, 'url'>,
  users: number,
  { id }: ActiveGeneration,
  say: Say,
): Promise<void> {
  const interests = createPeer({ name: 'interests', url: cluster.url('interests'), timeoutMs: 10_000 });
  try {
    await waitForProgress(
      'Clustering the users',
      async () => {
        const { refreshed, examined } = await interests.get<InterestsStatus>('/status');
        return refreshed === id
          ? { found: undefined }
          : { progress: `${examined ?? 0} of ${users} users in generation ${id}` };
      },
      { say },
    );
  } finally {
    await interests.close();
  }
}
