import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import { CONFIG, DAY, type LoggedAction, START, served } from './actions.testing.ts';
import type { InterestsConfig } from './config.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.testing.ts';
import { createProcessor, type Processor } from './processor.ts';
import type { InterestsStore } from './store.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

/** A processor over a store in memory, with what it did. */
export interface Rig {
  readonly processor: Processor;
  readonly store: MemoryStore;
  readonly published: UserInterests[];
  readonly counts: Record<string, number>;
  readonly lookups: ('hot' | 'read')[];
  space: EmbeddingSpace | undefined;
}

const NOW = START + 200 * DAY;

/** @param crashAt writes and publications that fail, counted from 0 over the lifetime of the rig */
export function createRig(
  store = createMemoryStore(),
  crashAt: ReadonlySet<number> = new Set(),
  config: InterestsConfig = CONFIG,
): Rig {
  let effects = 0;
  const mayCrash = (): void => {
    if (crashAt.has(effects++)) throw new Error('crash');
  };
  const failing: InterestsStore = {
    ...store,
    async write(...given) {
      mayCrash();
      return store.write(...given);
    },
  };
  const rig: Omit<Rig, 'processor'> = { store, published: [], counts: {}, lookups: [], space: served() };
  const processor = createProcessor({
    now: () => NOW,
    config,
    store: failing,
    servedSpace: () => rig.space,
    encode: (interests) => Buffer.from(JSON.stringify(interests)),
    async publish(_userId, encoded) {
      mayCrash();
      rig.published.push(decode(encoded));
      // Acknowledgements are asynchronous.
      await new Promise(setImmediate);
    },
    count: (outcome, amount) => {
      rig.counts[outcome] = (rig.counts[outcome] ?? 0) + amount;
    },
    countUsers: (outcome, users) => void rig.lookups.push(...Array<'hot' | 'read'>(users).fill(outcome)),
  });
  return Object.assign(rig, { processor });
}

const decode = (encoded: Buffer) => JSON.parse(encoded.toString()) as UserInterests;

/** Returns the interests of a user as they are stored. */
export async function interestsOf(store: InterestsStore, userId: string): Promise<UserInterests | undefined> {
  const encoded = await store.readInterests(userId);
  return encoded && decode(encoded);
}

/** Numbers actions by their offsets, from 0. */
export const logOf = (values: ReadonlyArray<UserAction | null>): LoggedAction[] =>
  values.map((value, offset) => ({ value, offset }));

/** The signal of a stage that does not drain. */
export const never = new AbortController().signal;
/** A pace without pauses. */
export const atOnce = async (): Promise<void> => undefined;
