import { TributaryError } from '#contracts/errors.ts';
import { decideActivation, decideRollback } from './decide.ts';
import { countTrained, declareReleases, type ReleaseLog, readReleases } from './release-log.ts';

/** A requested activation. */
export interface RequestedFlip {
  readonly generation: string;
  /** The positions in the log before the request, from which `becomesActive` reads on. */
  readonly next: ReadonlyMap<number, number>;
}

/**
 * Requests that a generation be served; the index flips to it after it has built its graph.
 * @throws TributaryError `release.refused` (409) with the reason, before anything is written
 */
export async function activate(log: ReleaseLog, generation: string): Promise<RequestedFlip> {
  const { ledger, next } = await readReleases(log);
  const known = ledger.get(generation);
  // An unknown generation has no embeddings to count.
  const trained = known === undefined ? 0 : await countTrained(log, generation);
  const decision = decideActivation(ledger, generation, trained, Date.now());
  if ('refusal' in decision) throw releaseRefused(decision.refusal);
  await declareReleases(log, decision.writes);
  return { generation, next };
}

/** Requests the generation that was served before the active one. @throws TributaryError as `activate` does */
export async function activateFormer(log: ReleaseLog): Promise<RequestedFlip> {
  const former = decideRollback((await readReleases(log)).ledger);
  if ('refusal' in former) throw releaseRefused(former.refusal);
  return activate(log, former.generation);
}

export function releaseRefused(reason: string): TributaryError {
  return new TributaryError('release.refused', reason, { status: 409 });
}
