import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyAction, createWindow } from '#algorithms/pinnersage/window.ts';
import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { someInterests } from '#contracts/domain/records.testing.ts';
import { action, batchOf, DAY, START, served } from './actions.testing.ts';
import { atOnce, createRig, interestsOf, logOf, never } from './processor.testing.ts';
import { encodeDerived } from './record-codec.ts';

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
