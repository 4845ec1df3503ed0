import { connectIndex } from '#index-client/connect.ts';
import type { StagePorts } from '#platform/stage.ts';
import type { InterestsConfig } from './config.ts';
import { IndexVectors } from './index-vectors.ts';
import { ServedGenerations } from './served-vectors.ts';

interface VectorEvents {
  /** Called when another generation is served. */
  readonly onFlip: (generation: string) => void;
  /** Called when the served generation gained the vector of an item. */
  readonly onVector: () => void;
}

/** All vectors of the served generation in memory, or for a catalogue beyond it a cache in front of the index. */
export function openVectors(
  stage: StagePorts,
  { indexUrls, vectorCacheItems }: InterestsConfig,
  events: VectorEvents,
): ServedGenerations | IndexVectors {
  const { lifecycle, log } = stage;
  if (vectorCacheItems === 0) {
    const onInvalid = (itemId: string, reason: string) => log.warn({ itemId, reason }, 'vector passed over');
    return new ServedGenerations({ ...events, onInvalid });
  }
  const index = connectIndex({ urls: indexUrls });
  lifecycle.onStop('index', () => index.close());
  return new IndexVectors({
    ...events,
    index,
    maximum: vectorCacheItems,
    signal: lifecycle.signal,
    onWait: (reason) => log.warn({ reason }, 'waiting for the index'),
  });
}
