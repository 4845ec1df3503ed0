import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyAction, createWindow } from '#algorithms/pinnersage/window.ts';
import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { someInterests } from '#contracts/domain/records.testing.ts';
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import { action, batchOf, CONFIG, DAY, type LoggedAction, START, served } from './actions.testing.ts';
import type { InterestsConfig } from './config.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.testing.ts';
import { createProcessor, type Processor } from './processor.ts';
import { encodeDerived } from './record-codec.ts';
import type { InterestsStore } from './store.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

interface Rig {
  readonly processor: Processor;
  readonly store: MemoryStore;
  readonly published: UserInterests[];
  readonly counts: Record<string, number>;
  readonly lookups: ('hot' | 'read')[];
  space: EmbeddingSpace | undefined;
}

const NOW = START + 200 * DAY;

/** @param crashAt writes and publications that fail, counted from 0 over the lifetime of the rig */
function createRig(
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
    countUser: (outcome) => void rig.lookups.push(outcome),
  });
  return Object.assign(rig, { processor });
}

const decode = (encoded: Buffer) => JSON.parse(encoded.toString()) as UserInterests;

async function interestsOf(store: InterestsStore, userId: string): Promise<UserInterests | undefined> {
  const encoded = await store.readInterests(userId);
  return encoded && decode(encoded);
}

const logOf = (values: ReadonlyArray<UserAction | null>): LoggedAction[] =>
  values.map((value, offset) => ({ value, offset }));

const never = new AbortController().signal;
const atOnce = async (): Promise<void> => undefined;

describe('a record that cannot be decoded', () => {
  it('lets the partition count as missing, so that it is built from the log, in a batch and in a refresh', async () => {
    for (const isRefresh of [false, true]) {
      const { processor, store } = createRig();
      await processor.handle(batchOf(logOf([action({ userId: 'ann', eventId: 'a' })])));
      const [record] = await store.read(0, ['ann']);
      const garbage = { base: Uint8Array.of(9, 9, 9) };
      const [derived, interests] = [record!.derived, Buffer.from('{}')];
      const write = { userId: 'ann', offset: 1, window: garbage, derived, interests };
      await store.write(0, [write], { held: undefined, to: undefined });
      const other = createRig(store);
      if (isRefresh) {
        other.space = served('g9');
        assert.equal(await other.processor.refresh(0, never, atOnce), 0);
      } else {
        const next = batchOf([{ value: action({ userId: 'ann', eventId: 'b' }), offset: 2 }]);
        await assert.rejects(other.processor.handle(next), { name: 'StateLost' });
      }
      assert.equal(await store.readHead(0), undefined);
      assert.deepEqual(await store.read(0, ['ann']), [undefined]);
    }
  });
});

describe('the interests of a user', () => {
  it('each action updates the interests, whose version is its offset', async () => {
    const { processor, published, store } = createRig();
    await processor.handle(batchOf(logOf([action(), action({ userId: 'u2' }), action({ itemId: 'nail' })])));
    assert.deepEqual(published.map(({ userId, version }) => [userId, version]).sort(), [
      ['u1', 2],
      ['u2', 1],
    ]);
    assert.deepEqual(
      (await interestsOf(store, 'u1'))?.medoids.map(({ itemId }) => itemId),
      ['nail', 'tea'],
    );
  });

  it('redelivered actions change nothing', async () => {
    const { processor, store, published, counts } = createRig();
    const batch = logOf([action(), action({ itemId: 'nail' })]);
    await processor.handle(batchOf(batch));
    const [kept, sent] = [store.dump(), published.length];
    await processor.handle(batchOf(batch));
    assert.deepEqual(store.dump(), kept);
    assert.equal(published.length, sent);
    assert.deepEqual(counts, { added: 2, repeated: 2 });
  });

  it('an event id counts once, at whatever offsets it is repeated', async () => {
    const { processor, store, counts } = createRig();
    await processor.handle(batchOf(logOf([action()])));
    await processor.handle(batchOf([{ offset: 9, value: action() }]));
    assert.equal((await interestsOf(store, 'u1'))?.windowSize, 1);
    assert.deepEqual(counts, { added: 1, duplicate: 1 });
  });

  it('a late action enters at its event time, and one older than the window is dropped', async () => {
    const { processor, store, counts } = createRig();
    const late = action({ itemId: 'nail', occurredAt: START - 89 * DAY });
    const tooLate = action({ itemId: 'screw', occurredAt: START - 91 * DAY });
    await processor.handle(batchOf(logOf([action({ userId: 'u2' }), late, tooLate])));
    const interests = await interestsOf(store, 'u1');
    assert.deepEqual(interests?.recent, ['nail']);
    assert.equal(interests?.streamTime, START, 'stream time is that of the partition');
    assert.deepEqual(counts, { added: 2, late: 1 });
  });

  it('an invalid action is rejected with its reason', async () => {
    const { processor, store } = createRig();
    const future = action({ itemId: 'nail', occurredAt: START + DAY, receivedAt: START });
    const batch = batchOf(logOf([action(), null, future]));
    await processor.handle(batch);
    assert.deepEqual([...batch.rejected.keys()], [1, 2]);
    assert.equal(batch.rejected.get(1)?.code, 'message.tombstone');
    assert.match(batch.rejected.get(1)?.reason ?? '', /tombstone/);
    assert.equal(batch.rejected.get(2)?.code, 'time.future');
    assert.match(batch.rejected.get(2)?.reason ?? '', /five minutes/);
    assert.equal(
      (await interestsOf(store, 'u1'))?.streamTime,
      START,
      'a rejected time does not advance stream time',
    );
  });

  it('a new owner resumes from the stream time of the former one', async () => {
    const { store, processor } = createRig();
    await processor.handle(batchOf(logOf([action({ userId: 'u2', occurredAt: START + 100 * DAY })])));
    const next = createRig(store);
    await next.processor.handle(batchOf([{ offset: 5, value: action() }]));
    assert.deepEqual(next.counts, { late: 1 });
  });

  it('the stream time is read again after a rebalance', async () => {
    const { store, processor, counts } = createRig();
    await processor.handle(batchOf(logOf([action()])));
    await createRig(store).processor.handle(
      batchOf([{ offset: 1, value: action({ userId: 'u2', occurredAt: START + 100 * DAY }) }]),
    );
    processor.forgetPartitions();
    await processor.handle(batchOf([{ offset: 2, value: action({ occurredAt: START + 1 }) }]));
    assert.deepEqual(counts, { added: 1, late: 1 });
  });
});

describe('times that no log can lead to', () => {
  const microseconds = START * 1_000;

  it('are forgotten: the partition and the window continue as if the action had never been there', async () => {
    const { store, processor, counts } = createRig();
    const window = createWindow();
    applyAction(
      window,
      { eventId: 'e', itemId: 'nail', type: 'buy', occurredAt: microseconds, weight: 1 },
      0,
    );
    const interests = someInterests({ userId: 'u1', version: 3, streamTime: microseconds });
    const derived = encodeDerived({ ...interests, clustering: new Uint8Array(0) });
    const encoded = Buffer.from(JSON.stringify(interests));
    const write = {
      userId: 'u1',
      offset: 3,
      window: { base: encodeWindow(window) },
      derived,
      interests: encoded,
    };
    await store.write(0, [write], { to: { offset: 3, streamTime: microseconds } });
    await processor.handle(batchOf([{ offset: 4, value: action() }]));
    assert.deepEqual(counts, { added: 1 });
    const held = await interestsOf(store, 'u1');
    assert.deepEqual([held?.streamTime, held?.recent], [START, ['tea']]);
    assert.equal((await store.readHead(0))?.streamTime, START);
  });

  it('do not enter through the messages of a client that stamps them with its own clock', async () => {
    const { store, processor, published } = createRig();
    const far = action({ occurredAt: START + 30 * DAY, receivedAt: START + 30 * DAY });
    const batch = batchOf([{ offset: 0, value: far }]);
    await processor.handle({ ...batch, messages: [{ ...batch.messages[0]!, timestamp: START }] });
    assert.equal(batch.rejected.get(0)?.code, 'time.future');
    assert.equal((await store.readHead(0))?.streamTime, 0);
    assert.deepEqual(published, []);
  });
});

describe('a cached user', () => {
  it('the next action of a cached user reads nothing from the store', async () => {
    const { processor, lookups } = createRig();
    for (const itemId of ['tea', 'nail', 'mate']) {
      await processor.handle(batchOf([{ offset: lookups.length, value: action({ itemId }) }]));
    }
    assert.deepEqual(lookups, ['read', 'hot', 'hot']);
    assert.ok(processor.cachedBytes() > 0);
  });

  it('a cached user is forgotten after a rebalance and after a write by a different process', async () => {
    const { processor, lookups, store } = createRig();
    await processor.handle(batchOf([{ offset: 0, value: action() }]));
    processor.forgetPartitions();
    assert.equal(processor.cachedBytes(), 0);
    await createRig(store).processor.handle(batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]));
    await processor.handle(batchOf([{ offset: 2, value: action({ itemId: 'mate' }) }]));
    assert.deepEqual(lookups, ['read', 'read']);
    assert.equal((await interestsOf(store, 'u1'))?.windowSize, 3);
  });

  it('a user is read again after a failure during the work on it', async () => {
    const [publication, write] = [2, 3];
    for (const failing of [publication, write]) {
      const { processor, store, lookups } = createRig(createMemoryStore(), new Set([failing]));
      await processor.handle(batchOf([{ offset: 0, value: action() }]));
      const second = batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]);
      await assert.rejects(processor.handle(second), /crash/);
      await processor.handle(second);
      assert.deepEqual(lookups, ['read', 'hot', 'read']);
      assert.equal((await interestsOf(store, 'u1'))?.windowSize, 2);
    }
  });

  it('no user is cached where the bound is 0', async () => {
    const { processor, lookups } = createRig(createMemoryStore(), new Set(), { ...CONFIG, hotUsersMib: 0 });
    await processor.handle(batchOf([{ offset: 0, value: action() }]));
    await processor.handle(batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]));
    assert.deepEqual(lookups, ['read', 'read']);
  });

  it('a cached user is re-clustered after a vector was replaced or withdrawn', async () => {
    const rig = createRig();
    await rig.processor.handle(batchOf(logOf([action(), action({ itemId: 'nail' })])));
    rig.space = served('g1', ['nail', 'screw']);
    await rig.processor.handle(batchOf([{ offset: 2, value: action({ itemId: 'screw' }) }]));
    const interests = await interestsOf(rig.store, 'u1');
    assert.deepEqual([interests?.unknownItems, interests?.medoids.length], [1, 1]);
  });
});

describe('the write of a batch', () => {
  it('all users of a batch are read, and written with the head, in one call each', async () => {
    const calls: string[] = [];
    const store = createMemoryStore();
    const counting: MemoryStore = {
      ...store,
      read(partition, userIds) {
        calls.push(`read ${userIds.length}`);
        return store.read(partition, userIds);
      },
      write(partition, writes, head) {
        calls.push(`write ${writes.length} to ${head.to?.offset}`);
        return store.write(partition, writes, head);
      },
    };
    const { processor } = createRig(counting);
    await processor.handle(batchOf(logOf(['a', 'b', 'c'].map((userId) => action({ userId })))));
    assert.deepEqual(calls, ['read 3', 'write 3 to 2']);
  });

  it('an action appends its own bytes, and the window is written whole once in a while', async () => {
    const store = createMemoryStore();
    const { processor } = createRig(store);
    const bases: string[] = [];
    for (let offset = 0; offset < 100; offset++) {
      await processor.handle(batchOf([{ offset, value: action({ occurredAt: START + offset }) }]));
      const [record] = await store.read(0, ['u1']);
      bases.push(Buffer.from(record!.base).toString('hex'));
      assert.ok(record!.deltas.length <= 2_048);
    }
    const written = new Set(bases).size;
    assert.ok(written >= 3 && written <= 6, `${written} whole windows`);
    assert.equal((await interestsOf(store, 'u1'))?.windowSize, 100);
  });

  it('a record that a different process wrote meanwhile is written whole', async () => {
    const store = createMemoryStore();
    const [first, second] = [createRig(store), createRig(store)];
    await first.processor.handle(batchOf([{ offset: 0, value: action() }]));
    await second.processor.handle(batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]));
    const both = [1, 2].map((offset) => ({
      offset,
      value: action({ itemId: offset === 1 ? 'nail' : 'mate' }),
    }));
    await first.processor.handle(batchOf(both));
    const calm = createRig();
    await calm.processor.handle(batchOf([{ offset: 0, value: action() }, ...both]));
    assert.deepEqual(store.dump(), calm.store.dump());
  });
});

describe('a refresh', () => {
  it('a refresh clusters an item whose vector was unknown', async () => {
    const rig = createRig();
    rig.space = served('g1', ['tea']);
    await rig.processor.handle(batchOf(logOf([action(), action({ itemId: 'nail' })])));
    assert.equal((await interestsOf(rig.store, 'u1'))?.unknownItems, 1);
    assert.equal(await rig.processor.refresh(0, never, atOnce), 0, 'no vector was gained');
    rig.space = served('g1');
    assert.equal(await rig.processor.refresh(0, never, atOnce), 1);
    const interests = await interestsOf(rig.store, 'u1');
    assert.deepEqual(interests?.medoids.map(({ itemId }) => itemId).sort(), ['nail', 'tea']);
    assert.deepEqual(rig.published.at(-1), interests);
    assert.equal(await rig.processor.refresh(0, never, atOnce), 0);
  });

  it('a refresh moves all users of a partition to the served generation without a new version', async () => {
    const rig = createRig();
    await rig.processor.handle(batchOf(logOf([action(), action({ userId: 'u2' })])));
    rig.space = served('g2');
    assert.equal(await rig.processor.refresh(0, never, atOnce), 2);
    assert.equal(await rig.processor.refresh(1, never, atOnce), 0);
    const interests = await interestsOf(rig.store, 'u2');
    assert.deepEqual([interests?.generation, interests?.version], ['g2', 1]);
  });

  it('a refresh pauses after each step, for an unchanged user a fiftieth as long', async () => {
    const rig = createRig();
    const crowd = Array.from({ length: 10 }, (_, place) => action({ userId: `u${place}` }));
    await rig.processor.handle(batchOf(logOf(crowd)));
    rig.space = served('g2');
    const steps: number[] = [];
    const published: number[] = [];
    const pace = async (users: number) => {
      steps.push(users);
      published.push(rig.published.filter(({ generation }) => generation === 'g2').length);
    };
    assert.equal(await rig.processor.refresh(0, never, pace), 10);
    assert.equal(await rig.processor.refresh(0, never, pace), 0);
    assert.deepEqual(steps, [4, 4, 2, 0.08, 0.08, 0.04]);
    assert.deepEqual(published, [4, 8, 10, 10, 10, 10]);
  });

  it('a refresh stops when the stage drains', async () => {
    const rig = createRig();
    await rig.processor.handle(batchOf(logOf([action()])));
    rig.space = served('g2');
    assert.equal(await rig.processor.refresh(0, AbortSignal.abort(), atOnce), 0);
  });

  it('a user whose outputs were on their way during a flip is refreshed too', async () => {
    const rig = createRig();
    const handled = rig.processor.handle(batchOf(logOf([action()])));
    while (rig.published.length === 0) await new Promise(setImmediate);
    rig.space = served('g2');
    await rig.processor.refresh(0, never, atOnce);
    await handled;
    assert.equal((await interestsOf(rig.store, 'u1'))?.generation, 'g2');
    assert.equal(rig.published.at(-1)?.generation, 'g2');
  });
});

const actions = fc.array(
  fc.record({
    userId: fc.constantFrom('u1', 'u2', 'u3'),
    itemId: fc.constantFrom('tea', 'mate', 'nail', 'screw', 'new'),
    type: fc.constantFrom('buy' as const, 'view' as const, 'hide' as const),
    days: fc.integer({ min: 0, max: 120 }),
  }),
  { minLength: 1, maxLength: 30 },
);

/** One lifetime of a process: its start offset, the size of its batches, and which of its effects fail. */
const lives = fc.array(
  fc.record({
    back: fc.nat(12),
    batch: fc.integer({ min: 1, max: 8 }),
    crashAt: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 2 }),
  }),
  { maxLength: 5 },
);

async function read(rig: Rig, log: readonly LoggedAction[], from: number, size: number): Promise<number> {
  let position = from;
  try {
    for (; position < log.length; position += size) {
      await rig.processor.handle(batchOf(log.slice(position, position + size)));
    }
  } catch (error) {
    assert.equal((error as Error).message, 'crash');
  }
  return Math.min(position, log.length);
}

it('any batches, redeliveries and crashes end in the same bytes as one undisturbed pass', async () => {
  await fc.assert(
    fc.asyncProperty(actions, lives, async (given, processes) => {
      const log = logOf(
        given.map(({ days, ...rest }) => action({ ...rest, occurredAt: START + days * DAY })),
      );
      const calm = createRig();
      await read(calm, log, 0, 1);

      const store = createMemoryStore();
      let committed = 0;
      const sent: UserInterests[] = [];
      for (const { back, batch, crashAt } of processes) {
        const rig = createRig(store, new Set(crashAt));
        committed = await read(rig, log, Math.max(0, committed - back), batch);
        sent.push(...rig.published);
      }
      const last = createRig(store);
      await read(last, log, committed, 8);
      sent.push(...last.published);
      assert.deepEqual(store.dump(), calm.store.dump());
      for (const userId of new Set(given.map((one) => one.userId))) {
        const newest = sent.findLast((interests) => interests.userId === userId);
        assert.deepEqual(
          newest,
          await interestsOf(store, userId),
          'the last record in the topic is the stored one',
        );
      }
    }),
    { numRuns: 150 },
  );
});
