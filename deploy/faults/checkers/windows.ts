import type { ItemEmbedding, Release, UserAction, UserInterests } from '#contracts/generated/records.ts';
import type { InterestsConfig } from '../../../services/interests/config.ts';
import { createProcessor } from '../../../services/interests/processor.ts';
import { LogVectors } from '../../../services/interests/vectors/log-vectors.ts';
import type { EmbeddingSpace } from '../../../services/interests/vectors/vector-source.ts';
import {
  createInterestsStoreIn,
  encodeInterestsText,
  type StoredInterests,
  storedInterests,
  windowOf,
} from '../stores/interests-store.ts';
import { atOnce, KeyValues } from '../stores/key-values.ts';
import { byPartition, type LogRecord } from './log-record.ts';

export interface FoldOptions {
  readonly config: InterestsConfig;
  /** The space that is served; undefined while none is. */
  readonly space: EmbeddingSpace | undefined;
  /** Milliseconds since the epoch; it matters only to times that no log can lead to. */
  readonly now: number;
  /** Of the topic. */
  readonly partitions?: number;
}

/** Returns the space that is served at the end of these topics, which are given in log order. */
export function spaceOf(
  releases: Iterable<{ key: string; value: Release | null }>,
  embeddings: Iterable<{ key: string; value: ItemEmbedding | null }>,
): EmbeddingSpace | undefined {
  const nothing = (): void => undefined;
  const vectors = new LogVectors({ onFlip: nothing, onVector: nothing, onInvalid: nothing });
  for (const { key, value } of releases) vectors.applyRelease(key, value);
  for (const { key, value } of embeddings) vectors.applyEmbedding(key, value);
  vectors.markCaughtUp();
  return vectors.served;
}

/** Returns the record of each user that the log of actions leads to: each partition handled once, as one batch. */
export async function foldActions(
  log: Iterable<LogRecord<UserAction>>,
  { config, space, now, partitions }: FoldOptions,
): Promise<Map<string, StoredInterests>> {
  const values = new KeyValues();
  const processor = createProcessor({
    config,
    store: createInterestsStoreIn(values, atOnce),
    servedSpace: () => space,
    encode: encodeInterestsText,
    publish: async () => undefined,
    count: () => undefined,
    countUsers: () => undefined,
    now: () => now,
  });
  for (const [partition, records] of byPartition(log, partitions)) {
    await processor.handle({
      topic: 'actions',
      partition,
      messages: records.map((record) => ({ ...record, trace: undefined })),
      lastOffset: records.at(-1)!.offset,
      reject: () => undefined,
    });
  }
  return storedInterests(values);
}

/**
 * - all: every byte
 * - items: of the medoids only their items. The bytes of medoids and clustering are a function of the log while one
 *   generation is served; after a flip a clustering may remember in which order actions and vectors came.
 * - window: neither medoids nor generation
 */
export type ComparedParts = 'all' | 'items' | 'window';

/** Returns a line for each user whose stored record differs from the expected one. */
export function checkWindows(
  held: ReadonlyMap<string, StoredInterests>,
  expected: ReadonlyMap<string, StoredInterests>,
  parts: ComparedParts = 'all',
): string[] {
  const faults: string[] = [];
  for (const userId of new Set([...held.keys(), ...expected.keys()])) {
    const [actual, wanted] = [held.get(userId), expected.get(userId)];
    if (actual === undefined) faults.push(`${userId}: no record, but the log has actions`);
    else if (wanted === undefined) faults.push(`${userId}: a record, but the log has no action`);
    else faults.push(...differences(actual, wanted, parts).map((fault) => `${userId}: ${fault}`));
  }
  return faults;
}

function differences(actual: StoredInterests, wanted: StoredInterests, parts: ComparedParts): string[] {
  const faults: string[] = [];
  if (actual.window !== wanted.window) {
    const [has, should] = [eventsOf(actual), eventsOf(wanted)];
    const lacking = should.filter((id) => !has.includes(id));
    const additional = has.filter((id) => !should.includes(id));
    faults.push(`another window; lacking: ${lacking.join(' ')}; in addition: ${additional.join(' ')}`);
  }
  if (actual.offset !== wanted.offset)
    faults.push(`its record includes offset ${actual.offset}, not ${wanted.offset}`);
  const [held, fold] = [JSON.parse(actual.interests), JSON.parse(wanted.interests)] as UserInterests[];
  for (const field of Object.keys(fold!) as (keyof UserInterests)[]) {
    if (parts === 'window' && (field === 'medoids' || field === 'generation' || field === 'unknownItems'))
      continue;
    const [is, should] = [held!, fold!].map((one) =>
      JSON.stringify(parts === 'items' ? itemsOf(one, field) : one[field]),
    );
    if (is !== should) faults.push(`interests.${field} is ${is}, not ${should}`);
  }
  if (parts === 'all' && actual.derived !== wanted.derived) faults.push('another clustering');
  return faults;
}

function itemsOf(interests: UserInterests, field: keyof UserInterests): unknown {
  return field === 'medoids' ? interests.medoids.map(({ itemId }) => itemId) : interests[field];
}

function eventsOf(record: StoredInterests): string[] {
  return windowOf(record).actions.map(({ eventId }) => eventId);
}
