import { createRandom } from '#algorithms/random.ts';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import type { Slate } from '#contracts/generated/records.ts';
import type { Candidates } from './candidates.ts';
import type { Policy } from './policies/policy.ts';
import type { Pool } from './pools/pool.ts';

/** A policy with the posterior of one moment. */
export interface ServedPolicy {
  /** Name and settings. */
  readonly label: string;
  readonly policy: Policy;
  /** Number of rewards in the posterior. */
  readonly observations: number;
}

export interface SlateRequest {
  /** Seeds the random source too, so that the same request gives the same slate. */
  readonly slateId: string;
  readonly userId: string;
  /** Requested number of slots; a small pool fills fewer. */
  readonly size: number;
  readonly pool: Pool;
  readonly served: ServedPolicy;
  /** Those of the pool that may be shown. */
  readonly candidates: Candidates;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Chooses the slate of a user from the pool. */
export function composeSlate(request: SlateRequest): Slate {
  const { slateId, userId, size, pool, served, now } = request;
  const { candidates, features } = request.candidates;
  const chosen = served.policy.choose(features, size, createRandom(slateId));
  const width = features.columns.length;
  return {
    slateId,
    userId,
    servedAt: now,
    policy: served.label,
    observations: served.observations,
    generation: pool.generation,
    interestsVersion: pool.interestsVersion,
    experiment: null,
    ...UNKNOWN_CHOICE,
    featureNames: features.columns,
    slots: Array.from(chosen.order, (row, slot) => ({
      itemId: candidates[row]!.itemId,
      models: candidates[row]!.models,
      because: candidates[row]!.because,
      features: Array.from(features.values.subarray(row * width, (row + 1) * width)),
      score: chosen.scores[slot]!,
      propensity: chosen.propensities[slot]!,
      explanation: candidates[row]!.explanation,
      conditional: 0,
      inclusion: 0,
    })),
  };
}
