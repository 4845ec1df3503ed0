import type { Posterior } from '#algorithms/bandit/linear.ts';
import { chooseSlate } from '#algorithms/bandit/thompson.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { computeFeatures, DIMENSION, FEATURE_VERSION } from './features.ts';
import type { Pool } from './pools/pool.ts';

/** How the served policy is named in slates; another meaning of the features is another policy. */
export const POLICY = `thompson-linear/${FEATURE_VERSION}`;

const NOTHING: ReadonlySet<string> = new Set();

export interface SlateRequest {
  /** Seeds the random source too, so that the same request gives the same slate. */
  readonly slateId: string;
  readonly userId: string;
  /** Slots wanted; a small pool gives fewer. */
  readonly size: number;
  readonly pool: Pool;
  readonly posterior: Posterior;
  /** Number of rewards in the posterior. */
  readonly observations: number;
  readonly draws: number;
  readonly excludeRecent: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Chooses the slate of a user by Thompson sampling over the pool. */
export function composeSlate(request: SlateRequest): Slate {
  const { slateId, userId, size, pool, posterior, observations, draws, excludeRecent, now } = request;
  const { candidates, features } = computeFeatures(pool.proposals, {
    excluded: excludeRecent ? pool.recent : NOTHING,
    now,
  });
  const chosen = chooseSlate({ features, posterior, size, draws, random: createRandom(slateId) });
  return {
    slateId,
    userId,
    servedAt: now,
    policy: POLICY,
    observations,
    generation: pool.generation,
    interestsVersion: pool.interestsVersion,
    experiment: null,
    slots: Array.from(chosen.order, (row, slot) => ({
      itemId: candidates[row]!.itemId,
      models: candidates[row]!.models,
      because: candidates[row]!.because,
      features: Array.from(features.subarray(row * DIMENSION, (row + 1) * DIMENSION)),
      score: chosen.scores[slot]!,
      propensity: chosen.propensities[slot]!,
      explanation: candidates[row]!.explanation,
    })),
  };
}
