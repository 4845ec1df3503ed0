import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { RetrainConfig } from './config.ts';
import type { TrainingLease } from './lease.ts';
import type { LogState } from './log-state/log-state.ts';
import type { RetrainMetrics } from './metrics.ts';
import type { NewItems } from './new-items/new-items.ts';
import type { Publisher } from './release/publisher.ts';

/** Pause between two turns of upkeep. */
const UPKEEP_MS = 250;
/** New items embedded in a turn: under 0.2 s of computing, so that the stage keeps answering and reading. */
const ITEMS_A_TURN = 200;

export interface UpkeepPorts {
  readonly state: LogState;
  readonly newItems: Pick<NewItems, 'embedWaiting'>;
  readonly publisher: Publisher;
  readonly metrics: Pick<RetrainMetrics, 'inductiveItems' | 'removedEmbeddings'>;
  readonly log: Pick<Logger, 'info'>;
  readonly config: Pick<RetrainConfig, 'generationsKept'>;
  /** Which trainings were left; none is rejected without it. */
  readonly lease?: Pick<TrainingLease, 'isLeft'>;
}

/** One turn of upkeep after another, until the signal aborts. Rejects with the first failure to write. */
export async function keepUp(ports: UpkeepPorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await upkeep(ports);
    // Only the signal rejects the delay, and the loop checks the signal.
    await delay(UPKEEP_MS, undefined, { signal }).catch(() => {});
  }
}

/** Embeds the new items, rejects trainings that were left, and removes embeddings and artefacts of the generations that are over. */
export async function upkeep({
  state,
  newItems,
  publisher,
  metrics,
  log,
  config,
  lease,
}: UpkeepPorts): Promise<void> {
  const left = lease === undefined ? [] : state.releases.interrupted(Date.now(), lease.isLeft);
  const added = newItems.embedWaiting(ITEMS_A_TURN);
  const over = state.releases.disposable(config.generationsKept);
  const embeddings = over.flatMap((generation) => state.embedded.drain(generation));
  const artefacts = over.flatMap((generation) => state.artefacts.drain(generation));
  await Promise.all([
    ...added.map((embedding) => publisher.embedding(embedding)),
    ...embeddings.map((key) => publisher.removeEmbedding(key)),
    publisher.withdraw(artefacts),
    ...left.map((release) => publisher.release(release)),
  ]);
  metrics.inductiveItems.inc(added.length);
  metrics.removedEmbeddings.inc(embeddings.length);
  if (added.length > 0) log.info({ items: added.length }, 'new items embedded');
  if (embeddings.length > 0) log.info({ embeddings: embeddings.length }, 'past generations removed');
}
