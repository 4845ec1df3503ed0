import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { type Posterior, varianceOfScore } from '#algorithms/bandit/linear.ts';
import type { ListedItem } from './availability/item-facts.ts';
import type { Pool } from './pools/pool.ts';
import type { ServedPolicy } from './slate.ts';

/** A weight of the posterior that tells candidates apart. */
export interface InspectedWeight {
  readonly name: string;
  readonly mean: number;
  /** Standard deviation of the posterior. */
  readonly deviation: number;
}

export interface InspectedPolicy {
  /** Name and settings. */
  readonly policy: string;
  /** Rewards in the posterior. */
  readonly observations: number;
  /** Probability with which a slate is drawn from all candidates alike. */
  readonly epsilon: number;
  /** The largest means first. */
  readonly weights: readonly InspectedWeight[];
}

/** The list of one model for a user, or for everyone. */
export interface InspectedList {
  readonly model: string;
  readonly generation: string | null;
  readonly isForEveryone: boolean;
  readonly items: ReadonlyArray<{
    readonly itemId: string;
    readonly score: number;
    /** The item of the user that led there; null if none did. */
    readonly because: string | null;
  }>;
}

const PolicyQuery = Type.Object({ name: Type.String({ maxLength: 500 }) });
const ItemQuery = Type.Object({ itemId: Type.String({ minLength: 1 }) });
const ListsQuery = Type.Object({ n: Type.Integer({ minimum: 1, maximum: 100, default: 12 }) });

/** Routes for people who look: what the policy has learned, whether a policy exists, what the catalogue lists of an item, and the lists that a slate is chosen from. */
export function addInspectRoutes(
  http: FastifyInstance,
  options: {
    readonly served: () => ServedPolicy;
    /** Returns the policy that an arm names, with all its settings, or why no arm can have it. */
    readonly policyOf: (policy: string) => { readonly label: string } | { readonly reason: string };
    readonly readPool: (userId: string) => Promise<Pool>;
    /** Returns undefined for an item that the catalogue does not list. */
    readonly readItem: (itemId: string) => ListedItem | undefined;
  },
): void {
  const { served, policyOf, readPool, readItem } = options;
  http.get('/inspect/policy', () => inspectPolicy(served()));
  http.get<{ Querystring: Static<typeof PolicyQuery> }>(
    '/inspect/policies',
    { schema: { querystring: PolicyQuery } },
    async ({ query: { name } }) => {
      const policy = name === '' ? { label: null } : policyOf(name);
      if ('reason' in policy) return { name, label: null, reason: policy.reason };
      return { name, label: policy.label, reason: null };
    },
  );
  http.get<{ Params: { id: string }; Querystring: Static<typeof ListsQuery> }>(
    '/inspect/users/:id/lists',
    { schema: { querystring: ListsQuery } },
    async ({ params: { id }, query: { n } }) => ({ lists: inspectPool(await readPool(id), id, n) }),
  );
  http.get<{ Querystring: Static<typeof ItemQuery> }>(
    '/inspect/items',
    { schema: { querystring: ItemQuery } },
    async ({ query: { itemId } }) => ({ item: readItem(itemId) ?? null }),
  );
}

export function inspectPolicy({
  label,
  observations,
  epsilon = 0,
  posterior,
}: ServedPolicy): InspectedPolicy {
  const weights = posterior === undefined ? [] : weightsOf(posterior);
  return { policy: label, observations, epsilon, weights };
}

function weightsOf(posterior: Posterior): InspectedWeight[] {
  return Array.from(posterior.columns, ([name, column]) => {
    const unit = new Float64Array(posterior.mean.length);
    unit[column] = 1;
    return { name, mean: posterior.mean[column]!, deviation: Math.sqrt(varianceOfScore(posterior, unit)) };
  }).sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean) || (a.name < b.name ? -1 : 1));
}

export function inspectPool({ proposals }: Pool, userId: string, n: number): InspectedList[] {
  return proposals.map(({ userId: owner, model, generation, candidates, places, scores, causes }) => ({
    model,
    generation,
    isForEveryone: owner !== userId,
    items: places.slice(0, n).map((place, rank) => ({
      itemId: candidates.itemIds[place]!,
      score: scores[rank]!,
      because: candidates.causes[causes[rank] ?? -1]?.itemId ?? null,
    })),
  }));
}
