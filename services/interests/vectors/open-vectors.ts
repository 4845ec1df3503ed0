import { connectIndex } from '#index-client/connect.ts';
import type { StagePorts } from '#platform/stage.ts';
import type { InterestsConfig } from '../config.ts';
import { IndexVectors } from './index-vectors.ts';
import { LogVectors } from './log-vectors.ts';
import type { VectorEvents, VectorSource } from './vector-source.ts';

/** All vectors in memory, or for a catalogue that is larger than memory a cache in front of the index. */
export function openVectors(
  { lifecycle, log }: StagePorts,
  { indexUrls, vectorCacheItems }: InterestsConfig,
  events: VectorEvents,
): VectorSource {
  if (vectorCacheItems === 0) {
    const onInvalid = (itemId: string, reason: string) => log.warn({ itemId, reason }, 'vector skipped');
    return new LogVectors({ ...events, onInvalid });
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
