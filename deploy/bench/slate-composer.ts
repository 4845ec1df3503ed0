import { readRerankConfig } from '../../services/rerank/config.ts';
import { selectArmPolicy } from '../../services/rerank/experiments/arm-policy.ts';
import { learnPosterior } from '../../services/rerank/learning/posterior.ts';
import type { Pool } from '../../services/rerank/pools/pool.ts';
import { PreparedCandidates } from '../../services/rerank/prepared-candidates.ts';
import { composeSlate } from '../../services/rerank/slate.ts';
import { type LimitSource, limitsOf } from '../../services/rerank/slate-limits.ts';

/** Slots of the slates. */
const SIZE = 10;
/** Time of the first slate, ms; each later one comes a millisecond later. */
const START = 1_700_000_000_000;

/**
 * Composes slates as rerank does, on a posterior that has learned nothing: no Redis, no Kafka, no HTTP. The candidates of a pool are prepared
 * once, so that a pool which is passed again costs less.
 * @param policy name of a policy
 * @param ofOneKind most items of one kind in a slate; 0 for no limit
 * @returns a function from a pool and the number of the slate to the number of candidates
 * @throws RangeError if there is no such policy
 */
export function slateComposer(
  policy: string,
  ofOneKind: number,
  source: LimitSource,
): (pool: Pool, slate: number) => number {
  const config = readRerankConfig();
  const { posterior, observations } = learnPosterior([], { ...config, ...config.terms });
  const selected = selectArmPolicy(policy, config);
  if ('reason' in selected) throw new RangeError(selected.reason);
  const served = {
    label: selected.label,
    policy: selected.create(posterior),
    observations,
    epsilon: config.supportEpsilon,
    interactions: config.terms.interactions,
  };
  const prepared = new PreparedCandidates({ excludeRecent: true, offered: { version: 1, has: () => true } });
  const context = { names: ['at.history', 'at.idle'], values: [0.7, 0.9] };
  return (pool, slate) => {
    const now = START + slate;
    const candidates = prepared.of(pool, now);
    const limits = limitsOf(candidates, SIZE, { ...config, ofOneKind }, source);
    const request = {
      slateId: `s${slate}`,
      userId: 'u',
      size: SIZE,
      pool,
      candidates,
      served,
      context,
      limits,
      now,
    };
    return composeSlate(request).candidateCount;
  };
}
