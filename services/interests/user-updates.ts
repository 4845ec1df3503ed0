import type { UserInterests } from '#contracts/generated/records.ts';
import { believableRecord } from './believable.ts';
import { Clusterer, encodeClusters, type UserClusters } from './clusters.ts';
import type { InterestsConfig } from './config.ts';
import { type DecodedRecord, decodeDerived, decodeRecord, encodeDerived, NO_OFFSET } from './record-codec.ts';
import type { DerivedBytes, UserRecord } from './store.ts';
import { applyActions, composeInterests, type PlacedAction } from './update.ts';
import { type ChangedUser, nextRecord, windowWrite } from './user-change.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

/** The actions of a user in a batch. */
export interface UserWork {
  readonly userId: string;
  readonly actions: PlacedAction[];
  trace: string | undefined;
}

export interface UserUpdatePorts {
  readonly config: InterestsConfig;
  /** The space of the served generation; undefined before the first. */
  readonly servedSpace: () => EmbeddingSpace | undefined;
  /** Encodes interests as they are in the topic `interests` and in the store. */
  readonly encode: (interests: UserInterests) => Buffer;
  readonly count: (outcome: 'added' | 'duplicate' | 'late' | 'repeated', amount: number) => void;
  /** Milliseconds since the epoch. The results do not depend on it, unless the store holds times that no log can lead to. */
  readonly now: () => number;
}

/** Changes of one user, between what was read and what is to be written. */
export interface UserUpdates {
  /**
   * Applies actions to a user; undefined stands for one without a record.
   * @returns undefined if all are included already
   * @throws BinaryFormatError for malformed bytes
   */
  change(record: UserRecord | undefined, work: UserWork): Promise<ChangedUser | undefined>;
  /**
   * Whether a refresh leaves a user as it is.
   * @param start at least the first 128 bytes of what is derived; undefined for a user without a record
   */
  isCurrent(start: Uint8Array | undefined): boolean;
  /**
   * Clusters the window of a record in the served generation.
   * @returns undefined if that changes nothing
   */
  rederive(
    userId: string,
    stored: UserRecord | undefined,
  ): Promise<{ readonly offset: number; readonly bytes: DerivedBytes } | undefined>;
}

export function createUserUpdates({ config, servedSpace, encode, count, now }: UserUpdatePorts): UserUpdates {
  const clusterer = new Clusterer(config);

  function derivedBytes(interests: UserInterests, clusters: UserClusters | undefined): DerivedBytes {
    const { generation, streamTime, receivedAt, unknownItems } = interests;
    const clustering = encodeClusters(clusters);
    return {
      derived: encodeDerived({ generation, streamTime, receivedAt, unknownItems, clustering }),
      interests: encode(interests),
    };
  }

  /** The clusters of a record in this space; undefined if there are none. */
  async function clustersOf(
    { window, derived }: DecodedRecord,
    space: EmbeddingSpace | undefined,
  ): Promise<UserClusters | undefined> {
    const usable = space !== undefined && derived?.generation === space.generation;
    return usable ? clusterer.restore(window, derived.clustering, space) : undefined;
  }

  function isCurrent(start: Uint8Array | undefined): boolean {
    const space = servedSpace();
    if (space === undefined || start === undefined) return true;
    const { generation, unknownItems } = decodeDerived(start);
    return generation === space.generation && unknownItems === 0;
  }

  const decode = (record: UserRecord | undefined): DecodedRecord =>
    believableRecord(decodeRecord(record), now());

  return {
    async change(record, { userId, actions }) {
      const space = servedSpace();
      const offset = record?.offset ?? NO_OFFSET;
      const fresh = actions.filter((action) => action.offset > offset);
      const newest = fresh.at(-1);
      if (fresh.length < actions.length) count('repeated', actions.length - fresh.length);
      if (newest === undefined) return undefined;
      const decoded = decode(record);
      const { window } = decoded;
      const before = await clustersOf(decoded, space);
      const { outcomes, delta } = applyActions(window, fresh, config);
      for (const outcome of outcomes) count(outcome, 1);
      const generation = space?.generation ?? null;
      const { streamTime } = newest;
      const { receivedAt } = newest.action;
      const at = { userId, version: newest.offset, generation, streamTime, receivedAt };
      const { clusters, ...found } = await clusterer.cluster(window, before, space, streamTime);
      const derived = derivedBytes(composeInterests(window, at, found, config), clusters);
      const write = {
        userId,
        offset: newest.offset,
        window: windowWrite(window, delta, decoded),
        ...derived,
      };
      return { next: nextRecord(record, write), write, generation };
    },
    isCurrent,
    async rederive(userId, stored) {
      const space = servedSpace();
      if (space === undefined || stored === undefined || isCurrent(stored.derived)) return undefined;
      const record = decode(stored);
      const { window, derived, offset } = record;
      if (derived === undefined) return undefined;
      const before = await clustersOf(record, space);
      const { streamTime, receivedAt } = derived;
      const { clusters, ...found } = await clusterer.cluster(window, before, space, streamTime);
      const at = { userId, version: offset, generation: space.generation, streamTime, receivedAt };
      const next = composeInterests(window, at, found, config);
      const isChanged = next.generation !== derived.generation || next.unknownItems !== derived.unknownItems;
      return isChanged ? { offset, bytes: derivedBytes(next, clusters) } : undefined;
    },
  };
}
