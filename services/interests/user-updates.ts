import type { UserInterests } from '#contracts/generated/records.ts';
import { believableRecord } from './believable.ts';
import type { CachedUser } from './cached-users.ts';
import { Clusterer, encodeClusters, type UserClusters } from './clusters.ts';
import type { InterestsConfig } from './config.ts';
import { type DecodedRecord, decodeDerived, decodeRecord, encodeDerived } from './record-codec.ts';
import type { DerivedBytes, UserRecord } from './store.ts';
import { applyActions, composeInterests, type PlacedAction } from './update.ts';
import { type ChangedUser, windowWrite } from './user-change.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

/** A cached user, or a record; neither of a user who is new. */
export interface LoadedUser {
  readonly cached?: CachedUser | undefined;
  readonly record?: UserRecord | undefined;
}

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
  /** Decodes a record, unless the user is cached. Throws BinaryFormatError for malformed bytes. */
  load(loaded: LoadedUser): Promise<CachedUser>;
  /** Applies actions to the user, whose window changes in place. @returns undefined if all are included already */
  change(user: CachedUser, work: UserWork): Promise<ChangedUser | undefined>;
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

  async function decodeUser(
    { window, derived, offset, deltaBytes }: DecodedRecord,
    space: EmbeddingSpace | undefined,
  ): Promise<CachedUser> {
    const usable = space !== undefined && derived?.generation === space.generation;
    const clusters = usable ? await clusterer.restore(window, derived.clustering, space) : undefined;
    return { window, clusters, offset, deltaBytes };
  }

  const decode = (record: UserRecord | undefined): DecodedRecord =>
    believableRecord(decodeRecord(record), now());

  return {
    async load({ cached, record }) {
      return cached ?? (await decodeUser(decode(record), servedSpace()));
    },
    async change(user, { userId, actions }) {
      const space = servedSpace();
      const { window, offset } = user;
      const fresh = actions.filter((action) => action.offset > offset);
      const newest = fresh.at(-1);
      if (fresh.length < actions.length) count('repeated', actions.length - fresh.length);
      if (newest === undefined) return undefined;
      const { outcomes, delta } = applyActions(window, fresh, config);
      for (const outcome of outcomes) count(outcome, 1);
      const generation = space?.generation ?? null;
      const { streamTime } = newest;
      const { receivedAt } = newest.action;
      const at = { userId, version: newest.offset, generation, streamTime, receivedAt };
      const { clusters, ...found } = await clusterer.cluster(window, user.clusters, space, streamTime);
      const derived = derivedBytes(composeInterests(window, at, found, config), clusters);
      const { window: change, deltaBytes } = windowWrite(window, delta, user);
      return {
        next: { window, clusters, offset: newest.offset, deltaBytes },
        write: { userId, offset: newest.offset, window: change, ...derived },
        generation,
      };
    },
    async rederive(userId, stored) {
      const space = servedSpace();
      if (space === undefined || stored === undefined) return undefined;
      // Most users are current, and a window takes ten times as long to decode as what is derived from it.
      const { generation, unknownItems } = decodeDerived(stored.derived);
      if (generation === space.generation && unknownItems === 0) return undefined;
      const record = decode(stored);
      const { window, derived, offset } = record;
      if (derived === undefined) return undefined;
      const before = await decodeUser(record, space);
      const { streamTime, receivedAt } = derived;
      const { clusters, ...found } = await clusterer.cluster(window, before.clusters, space, streamTime);
      const at = { userId, version: offset, generation: space.generation, streamTime, receivedAt };
      const next = composeInterests(window, at, found, config);
      const isChanged = next.generation !== derived.generation || next.unknownItems !== derived.unknownItems;
      return isChanged ? { offset, bytes: derivedBytes(next, clusters) } : undefined;
    },
  };
}
