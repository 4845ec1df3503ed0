import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import type { IndexClient, Neighbour } from '#index-client/index-client.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { ProposeConfig } from './config.ts';
import { MODEL, rankCandidates, sampleMedoids } from './medoid-neighbours.ts';

/** Users asked for in one search: with 30 medoids each they stay below the 1,000 queries that the index takes. */
const USERS_A_SEARCH = 32;
const RETRY_MS = 200;
const EXPLANATION = 'because you {deed} {cause}';

interface Asked {
  readonly interests: UserInterests;
  readonly trace: string | undefined;
}

export interface MedoidModelPorts {
  readonly config: ProposeConfig;
  readonly index: Pick<IndexClient, 'search'>;
  readonly popularityOf: (itemId: string) => number;
  readonly publish: (proposal: Proposal, trace: string | undefined) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Counts users whose generation the index no longer holds; the interests in the new one follow. */
  readonly countSkipped: (users: number) => void;
}

/** Turns interests into proposals, the newest of each user in a batch, with one search for many users. */
export function createMedoidModel(
  ports: MedoidModelPorts,
): (batch: IncomingBatch<UserInterests>) => Promise<void> {
  return async (batch) => {
    const newest = new Map<string, Asked>();
    for (const { key, value, trace } of batch.messages) {
      if (value === null) newest.delete(key);
      // A former owner of the partition may have been late with an older version.
      else if (value.version >= (newest.get(key)?.interests.version ?? 0))
        newest.set(key, { interests: value, trace });
    }
    for (const group of groupByGeneration([...newest.values()])) await propose(group, ports);
  };
}

/** Groups of users that one search can serve: one generation, at most USERS_A_SEARCH. */
function groupByGeneration(asked: readonly Asked[]): Asked[][] {
  const groups: Asked[][] = [];
  const open = new Map<string | null, Asked[]>();
  for (const one of asked) {
    const { generation } = one.interests;
    let group = open.get(generation);
    if (group === undefined || group.length >= USERS_A_SEARCH) {
      group = [];
      groups.push(group);
      open.set(generation, group);
    }
    group.push(one);
  }
  return groups;
}

async function propose(group: readonly Asked[], ports: MedoidModelPorts): Promise<void> {
  const { config, popularityOf, publish } = ports;
  const sampled = group.map(({ interests }) => sampleMedoids(interests, config.medoidsSampled));
  const generation = group[0]?.interests.generation ?? null;
  const answer = await search(
    generation,
    sampled.flatMap((medoids) => medoids.map(({ itemId }) => itemId)),
    ports,
  );
  if (answer === undefined) {
    ports.countSkipped(group.length);
    return;
  }
  let next = 0;
  await Promise.all(
    group.map(({ interests, trace }, place) => {
      const medoids = sampled[place]!;
      const neighbours = medoids.map(() => answer[next++] ?? []);
      const { userId, version, receivedAt, recent } = interests;
      const items = rankCandidates(interests, medoids, neighbours, popularityOf, config);
      return publish(
        { userId, model: MODEL, generation, version, receivedAt, items, recent, explanation: EXPLANATION },
        trace,
      );
    }),
  );
}

/**
 * Neighbours of each item in that generation; undefined when the index does not hold the generation any more.
 * An index that does not answer is waited for: the lag grows, nothing is lost.
 */
async function search(
  generation: string | null,
  itemIds: readonly string[],
  { index, config, log, signal }: MedoidModelPorts,
): Promise<ReadonlyArray<readonly Neighbour[]> | undefined> {
  if (generation === null || itemIds.length === 0) return [];
  const request = {
    generation,
    queries: itemIds.map((itemId) => ({ itemId })),
    k: config.neighboursPerMedoid,
  };
  for (;;) {
    try {
      const { results } = await index.search(request);
      return results.map((result) => ('neighbours' in result ? result.neighbours : []));
    } catch (error) {
      if (error instanceof TributaryError && error.code === 'generation.unknown') return undefined;
      if (signal.aborted || !(error instanceof TributaryError && error.retryable)) throw error;
      log.warn({ reason: reasonOf(error) }, 'waiting for the index');
      await delay(RETRY_MS);
    }
  }
}
