/** What a person decides about generations, written to `releases`. */

import type { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import { TributaryError } from '#contracts/errors.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { declareAlone } from '../declare.ts';
import { type Decision, decideActivation, decideRetirement, decideRollback } from './decide.ts';
import { countTrained, type ReleaseLog, readReleases } from './release-log.ts';

/** A requested activation. */
export interface RequestedFlip {
  readonly generation: string;
  /** The positions in the log before the request, from which `becomesActive` reads on. */
  readonly next: ReadonlyMap<number, number>;
}

/**
 * Requests that a generation be served; the index flips to it after it has built its graph.
 * @throws TributaryError `release.refused` (409) with the reason, before anything is written; `release.changed` (409) if a different process
 *   decided at the same moment, and nothing is written; `kafka.unacknowledged`
 */
export async function activate(log: ReleaseLog, generation: string): Promise<RequestedFlip> {
  const known = (await readReleases(log)).ledger.get(generation);
  // Counted before the decision begins, because it takes long. An unknown generation has no embeddings to count.
  const trained = known === undefined ? 0 : await countTrained(log, generation);
  const next = await changeReleases(log, (ledger) =>
    decideActivation(ledger, generation, trained, Date.now()),
  );
  return { generation, next };
}

/** Requests the generation that was served before the active one. @throws TributaryError as `activate` does */
export async function activateFormer(log: ReleaseLog): Promise<RequestedFlip> {
  const former = decideRollback((await readReleases(log)).ledger);
  if ('refusal' in former) throw releaseRefused(former.refusal);
  return activate(log, former.generation);
}

/** Prevents a waiting generation from being served. @throws TributaryError as `activate` does */
export async function retire(log: ReleaseLog, generation: string): Promise<void> {
  await changeReleases(log, (ledger) => decideRetirement(ledger, generation, Date.now()));
}

/** @returns the positions in the log before the write */
function changeReleases(
  log: ReleaseLog,
  decide: (ledger: ReleaseLedger) => Decision,
): Promise<ReadonlyMap<number, number>> {
  const { kafka, codec, namespace } = log;
  const topic = qualifiedTopic(namespace, 'releases');
  return declareAlone({ kafka, topic, overtaken: 'release.changed' }, async () => {
    const { ledger, next } = await readReleases(log);
    const decision = decide(ledger);
    if ('refusal' in decision) throw releaseRefused(decision.refusal);
    await codec.prepare(['Release']);
    const messages = decision.writes.map((release) => ({
      key: release.generation,
      value: codec.encode('Release', release),
    }));
    return { messages, result: next };
  });
}

export function releaseRefused(reason: string): TributaryError {
  return new TributaryError('release.refused', reason, { status: 409 });
}
