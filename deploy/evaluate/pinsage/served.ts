import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import type { Interest } from '#algorithms/pinnersage/interests.ts';
import { exactTopK } from '#algorithms/retrieval/exact.ts';
import { DecayedCounts } from '#algorithms/retrieval/popularity.ts';
import { row } from '#algorithms/vectors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import type { ProposeConfig } from '../../../services/propose/config.ts';
import {
  type MedoidNeighboursSettings,
  rankCandidates,
  sampleMedoids,
} from '../../../services/propose/proposers/medoid-neighbours.ts';
import type { InterestsByUser, ItemVectors } from './medoid-neighbours.ts';
import type { Recommendations } from './scores.ts';
import type { TemporalSplit } from './split.ts';

export type ServedSettings = MedoidNeighboursSettings & Pick<ProposeConfig, 'candidates' | 'halfLifeDays'>;

/**
 * The lists that the propose stage would publish for each test user at the end of `train`, computed by its own code:
 * a few sampled medoids, the nearest items of each by exact search, and popularity of the last days. All items that
 * the user ever took are left out, not only the latest.
 */
export function recommendAsServed(
  split: TemporalSplit,
  interests: InterestsByUser,
  vectors: ItemVectors,
  settings: ServedSettings,
): Recommendations {
  const popularityOf = popularityAtEnd(split, settings.halfLifeDays);
  const neighboursOf = rememberNeighbours(vectors, settings.neighboursPerMedoid);
  const recommend = (user: number) => {
    const record = recordOf(user, interests.get(user)!, split.seen.get(user)!);
    const medoids = sampleMedoids(record, settings.medoidsSampled);
    const neighbours = medoids.map(({ itemId }) => neighboursOf(itemId));
    const candidates = rankCandidates(record, medoids, neighbours, popularityOf, settings);
    return candidates.map(({ itemId }) => Number(itemId));
  };
  return new Map([...split.relevant.keys()].map((user) => [user, recommend(user)]));
}

/** Popularity from 0 to 1, where 1 is that of the most popular item. */
function popularityAtEnd({ train }: TemporalSplit, halfLifeDays: number): (itemId: string) => number {
  const counts = new DecayedCounts(halfLifeDays * MILLISECONDS_PER_DAY);
  train.item.forEach((item, i) => {
    counts.add(String(item), train.at[i]!, train.weight[i]);
  });
  const highest = counts.top(1)[0]!.count;
  return (itemId) => counts.count(itemId) / highest;
}

/** The nearest other items of each, cached, because most medoids are shared by many users. */
function rememberNeighbours({ vectors, dim }: ItemVectors, k: number) {
  const known = new Map<string, readonly Neighbour[]>();
  return (itemId: string): readonly Neighbour[] => {
    let neighbours = known.get(itemId);
    if (neighbours === undefined) {
      const own = Number(itemId);
      const query = row(vectors, own, dim);
      const found = exactTopK({ matrix: vectors, dim, query, k, isExcluded: (other) => other === own });
      neighbours = Array.from(found.rows, (other, place) => ({
        itemId: String(other),
        score: found.scores[place]!,
      }));
      known.set(itemId, neighbours);
    }
    return neighbours;
  };
}

function recordOf(user: number, interests: readonly Interest[], seen: ReadonlySet<number>): UserInterests {
  return {
    userId: String(user),
    version: 0,
    generation: 'evaluated',
    streamTime: 0,
    receivedAt: 0,
    medoids: interests.map(({ itemId, importance, size, lastOccurredAt }) => ({
      itemId,
      type: 'buy',
      importance,
      size,
      lastOccurredAt,
    })),
    recent: Array.from(seen, String),
    windowSize: 0,
    unknownItems: 0,
  };
}
