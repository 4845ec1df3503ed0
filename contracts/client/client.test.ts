import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createClientOn } from './client.ts';
import { createFakePlatform, createFakeStore, type FakePlatform, START } from './platform.testing.ts';
import type { TrackedAction, TrackVerdict, TributaryClientOptions } from './types.ts';

const URL = 'http://gateway';
const VIEW: TrackedAction = { itemId: 'i', type: 'view' };

function clientOn(platform: FakePlatform, options: Partial<TributaryClientOptions> = {}) {
  return createClientOn(platform, { url: URL, userId: 'u', ...options });
}

/** The verdicts so far of promises, in their order. */
function gather(promises: readonly Promise<TrackVerdict>[]): (TrackVerdict | undefined)[] {
  const verdicts: (TrackVerdict | undefined)[] = promises.map(() => undefined);
  promises.forEach((promise, index) => void promise.then((verdict) => (verdicts[index] = verdict)));
  return verdicts;
}

const statuses = (verdicts: readonly (TrackVerdict | undefined)[]) =>
  verdicts.map((verdict) => verdict?.status);
const idsOf = ({ posts }: FakePlatform) => posts.map(({ entries }) => entries.map(({ eventId }) => eventId));
const refusal = (code: string, more = {}) => ({ status: 'rejected', error: { code, reason: 'no', ...more } });

describe('the client of apps', () => {
  it('a batch goes out when it is full, and what is left when it is old enough', async () => {
    const platform = createFakePlatform();
    const { client } = clientOn(platform);
    const verdicts = gather([1, 2, 3, 4].map(() => client.track(VIEW)));
    await platform.advance(0);
    assert.deepEqual(
      idsOf(platform).map(({ length }) => length),
      [3, 1],
    );
    const late = gather([client.track(VIEW)]);
    await platform.advance(999);
    assert.deepEqual(statuses(late), [undefined]);
    await platform.advance(1);
    assert.deepEqual(statuses([...verdicts, ...late]), Array(5).fill('accepted'));
    assert.equal(client.queued, 0);
  });

  it('an event keeps the id and the time of its capture, however long the network is away', async () => {
    const platform = createFakePlatform((_, count) => {
      if (count < 6) throw new TypeError('fetch failed');
      return undefined;
    });
    const { client } = clientOn(platform);
    const verdicts = gather([client.track(VIEW)]);
    await platform.advance(60_000);
    assert.deepEqual(statuses(verdicts), ['accepted']);
    const posts = platform.posts;
    assert.ok(posts.length > 3);
    assert.equal(new Set(posts.map(({ entries }) => entries[0]!.eventId)).size, 1);
    assert.deepEqual(new Set(posts.map(({ entries }) => entries[0]!.occurredAt)), new Set([START]));
    assert.match(String(posts[0]!.entries[0]!.eventId), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    assert.equal(client.queued, 0);
  });

  it('an event that is no JSON has a verdict of its own, and those behind it are sent', async () => {
    const platform = createFakePlatform();
    const { client } = clientOn(platform);
    const given = [{ ...VIEW, value: 10n as unknown as number }, VIEW];
    const verdicts = gather(given.map((action) => client.track(action)));
    await platform.advance(1_000);
    assert.deepEqual(statuses(verdicts), ['dropped', 'accepted']);
    assert.equal(verdicts[0]?.status === 'dropped' && verdicts[0].error.code, 'event.not-json');
  });

  it('an onVerdict that throws neither stops the queue nor sends anything again', async (t) => {
    const printed = t.mock.method(console, 'error', () => undefined);
    const platform = createFakePlatform();
    const { client } = clientOn(platform, {
      onVerdict() {
        throw new Error('boom');
      },
    });
    const verdicts = gather([client.track(VIEW)]);
    await platform.advance(1_000);
    verdicts.push(...gather([client.track(VIEW)]));
    await platform.advance(1_000);
    assert.equal(client.queued, 0);
    assert.deepEqual(
      idsOf(platform).map(({ length }) => length),
      [1, 1],
    );
    assert.equal(printed.mock.callCount(), 2);
  });

  it('a rest of weeks is taken for one of an hour, which a timer can wait', async () => {
    const platform = createFakePlatform((_, count) =>
      count === 2 ? { status: 503, headers: { 'retry-after': '2200000' } } : undefined,
    );
    const { client } = clientOn(platform);
    const verdicts = gather([client.track(VIEW)]);
    await platform.advance(3_500_000);
    assert.deepEqual(statuses(verdicts), [undefined]);
    await platform.advance(200_000);
    assert.deepEqual(statuses(verdicts), ['accepted']);
  });

  it('retries wait for as long as retry-after says, and longer each time without it', async () => {
    const rests = [{ 'retry-after': '20' }, {}, {}, {}];
    let posts = 0;
    const platform = createFakePlatform(({ entries }) => {
      const headers = entries.length === 0 ? undefined : rests[posts++];
      return (
        headers && { status: 503, body: { error: { code: 'stage.overloaded', reason: 'busy' } }, headers }
      );
    });
    const { client } = clientOn(platform, {});
    void client.track(VIEW);
    await platform.advance(60_000);
    const at = platform.posts.map((post) => post.at);
    assert.deepEqual(
      at.slice(1).map((time, index) => time - at[index]!),
      [20_000, 750, 1_500, 3_000],
    );
  });

  it('a batch that is too large is halved until it fits, and one event that is too large is rejected', async () => {
    const platform = createFakePlatform(
      ({ entries }) =>
        entries.some(({ itemId }) => itemId === 'huge') || entries.length > 2
          ? { status: 413, body: { error: { code: 'body.too-large', reason: 'too large' } } }
          : undefined,
      { batchSize: 8 },
    );
    const { client } = clientOn(platform);
    const verdicts = gather(
      Array.from({ length: 8 }, (_, n) => client.track({ ...VIEW, itemId: n === 5 ? 'huge' : `${n}` })),
    );
    await platform.advance(5_000);
    assert.deepEqual(statuses(verdicts), [...Array(5).fill('accepted'), 'rejected', 'accepted', 'accepted']);
  });

  it('each event gets its own verdict, and only what may be accepted later is sent again', async () => {
    let posts = 0;
    const platform = createFakePlatform(({ entries }) => {
      if (entries.length === 0 || posts++ > 0) return undefined;
      const results = [
        { status: 'accepted', partition: 2, offset: 7 },
        refusal('field.invalid', { field: 'value' }),
        refusal('kafka.unacknowledged', { retryable: true }),
      ];
      return { status: 207, body: { results } };
    });
    const all: TrackVerdict[] = [];
    const { client } = clientOn(platform, { onVerdict: (verdict) => all.push(verdict) });
    const verdicts = gather(['a', 'b', 'c'].map((eventId) => client.track({ ...VIEW, eventId })));
    await platform.advance(5_000);
    assert.deepEqual(verdicts, [
      { id: 'a', status: 'accepted', partition: 2, offset: 7 },
      { id: 'b', status: 'rejected', error: { code: 'field.invalid', reason: 'no', field: 'value' } },
      { id: 'c', status: 'accepted', partition: 0, offset: 0 },
    ]);
    assert.deepEqual(idsOf(platform), [['a', 'b', 'c'], ['c']]);
    assert.equal(all.length, 3);
  });

  it('a gateway that refuses the whole request for good is a verdict for each event', async () => {
    const platform = createFakePlatform(() => ({
      status: 403,
      body: { error: { code: 'origin.refused', reason: 'not on the list' } },
    }));
    const { client } = clientOn(platform);
    const verdicts = gather([client.track(VIEW)]);
    await platform.advance(5_000);
    assert.deepEqual(statuses(verdicts), ['rejected']);
    assert.equal(platform.posts.length, 1);
  });

  it('beyond the bound of the queue the oldest event is dropped, with a verdict', async () => {
    const platform = createFakePlatform(() => ({ status: 503 }), { maxQueued: 5 });
    const { client } = clientOn(platform);
    const verdicts = gather(Array.from({ length: 3 }, (_, n) => client.track({ ...VIEW, eventId: `${n}` })));
    await platform.advance(0);
    // The pause after the first attempt: nothing is in a request.
    const more = gather(Array.from({ length: 4 }, (_, n) => client.track({ ...VIEW, eventId: `${n + 3}` })));
    await platform.advance(0);
    assert.deepEqual(statuses(verdicts), ['dropped', 'dropped', undefined]);
    assert.deepEqual(statuses(more), Array(4).fill(undefined));
    assert.equal(client.queued, 5);
  });

  it('back-pressure: ready waits until the queue is half empty', async () => {
    let isUp = false;
    const platform = createFakePlatform(() => (isUp ? undefined : { status: 503 }), { maxQueued: 4 });
    const { client } = clientOn(platform);
    let isReady = false;
    for (let n = 0; n < 4; n++) void client.track(VIEW);
    void client.ready().then(() => (isReady = true));
    await platform.advance(10_000);
    assert.equal(isReady, false);
    isUp = true;
    await platform.advance(30_000);
    assert.equal(isReady, true);
  });

  it('a clock that is wrong is corrected, and the time that a request takes never moves an event', async () => {
    for (const [serverAheadMs, takesMs, least, most] of [
      [0, 0, 0, 0],
      [0, 30_000, 0, 0],
      [700, 5_000, 0, 0],
      [3_600_000, 200, 3_599_000, 3_601_000],
      [-3_600_000, 4_000, -3_602_500, -3_597_500],
    ] as const) {
      const platform = createFakePlatform(() => ({ takesMs }), { serverAheadMs });
      const { client } = clientOn(platform);
      void client.track(VIEW);
      await platform.advance(200_000);
      const moved = Number(platform.posts[0]!.entries[0]!.occurredAt) - START;
      assert.ok(
        moved >= least && moved <= most,
        `${serverAheadMs} ms ahead, ${takesMs} ms: moved by ${moved} ms`,
      );
    }
  });

  it('a time that the app gives is sent as it is', async () => {
    const platform = createFakePlatform(undefined, { serverAheadMs: 3_600_000 });
    const { client } = clientOn(platform);
    void client.track({ ...VIEW, occurredAt: 1_700_000_000_000 });
    await platform.advance(5_000);
    assert.equal(platform.posts[0]!.entries[0]!.occurredAt, 1_700_000_000_000);
  });

  it('an event that was refused for its time is sent again once the clocks were compared', async () => {
    let posts = 0;
    const platform = createFakePlatform(
      ({ entries }) => {
        if (entries.length === 0) throw new TypeError('no route');
        return posts++ === 0 ? { status: 400, body: { results: [refusal('time.future')] } } : undefined;
      },
      { serverAheadMs: -3_600_000 },
    );
    const { client } = clientOn(platform);
    const verdicts = gather([client.track(VIEW)]);
    await platform.advance(5_000);
    const [first, second] = platform.posts.map(({ entries }) => Number(entries[0]!.occurredAt));
    assert.ok(Math.abs(first! - second! - 3_600_000) < 1_500);
    assert.deepEqual(statuses(verdicts), ['accepted']);
  });

  it('what waits when a page is hidden goes out in beacons under 64 KiB, and the next page asks for its verdict', async () => {
    const store = createFakeStore();
    const beacons: string[] = [];
    const beacon = (url: string, body: string) => {
      assert.equal(url, 'http://gateway/v1/actions');
      return beacons.push(body) <= 2;
    };
    const first = createFakePlatform(() => ({ status: 503 }), {
      store,
      beacon,
      batchSize: 100,
      maxQueued: 1_000,
    });
    const page = clientOn(first);
    const itemId = 'i'.repeat(200);
    for (let n = 0; n < 500; n++) void page.client.track({ ...VIEW, itemId, eventId: `${n}` });
    page.leave();
    page.leave();
    assert.ok(beacons.every((body) => Buffer.byteLength(body) < 65_536));
    assert.deepEqual([beacons.length, JSON.parse(beacons[0]!).length], [4, 100]);
    const second = createFakePlatform(undefined, { store, batchSize: 1_000, maxQueued: 1_000 });
    const told: TrackVerdict[] = [];
    clientOn(second, { onVerdict: (verdict) => told.push(verdict) });
    await second.advance(60_000);
    assert.equal(second.posts.flatMap(({ entries }) => entries).length, 500);
    assert.deepEqual([told.length, store.events.size], [500, 0]);
  });

  it('a client that is closed drops with a verdict what it could not send, and leaves it to the next session', async () => {
    const store = createFakeStore();
    const platform = createFakePlatform(() => ({ status: 503 }), { store });
    const { client } = clientOn(platform);
    const verdicts = gather([client.track(VIEW)]);
    const closing = client.close(2_000);
    await platform.advance(10_000);
    await closing;
    assert.deepEqual(statuses([...verdicts, await client.track(VIEW)]), ['dropped', 'dropped']);
    assert.equal(store.events.size, 1);
    const { client: next } = clientOn(createFakePlatform(undefined, { store }));
    await next.flush();
    assert.equal(store.events.size, 0);
  });

  it('any answers of the gateway lead to exactly one verdict for each event, in the order of tracking', async () => {
    const failure = fc.constantFrom('down', 'busy', 'some', 'none');
    await fc.assert(
      fc.asyncProperty(
        fc.array(failure, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        async (moods, events) => {
          const left = [...moods];
          const landed: unknown[] = [];
          const platform = createFakePlatform(({ entries }) => {
            if (entries.length === 0) return undefined;
            const mood = left.shift();
            if (mood === 'down') throw new TypeError('fetch failed');
            if (mood === 'busy') return { status: 503 };
            const isKept = (index: number) => mood === 'none' || (mood === 'some' && index % 2 === 1);
            const results = entries.map((entry, index) => {
              if (isKept(index)) return refusal('kafka.unacknowledged', { retryable: true });
              landed.push(entry.eventId);
              return { status: 'accepted', partition: 0, offset: 0 };
            });
            return { status: 207, body: { results } };
          });
          const told: string[] = [];
          const { client } = clientOn(platform, { onVerdict: ({ id }) => told.push(id) });
          for (let n = 0; n < events; n++) void client.track({ ...VIEW, eventId: `${n}` });
          await platform.advance(600_000);
          const ids = Array.from({ length: events }, (_, n) => `${n}`);
          assert.deepEqual(told.toSorted(), ids.toSorted());
          assert.deepEqual(landed.toSorted(), ids.toSorted());
        },
      ),
      { numRuns: 60 },
    );
  });
});
