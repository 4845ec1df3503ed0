import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient as createPageClient, type Page } from './browser.ts';
import { createClientOn } from './client.ts';
import { createClient } from './node.ts';
import { createFakePlatform, type FakeAnswer } from './platform.testing.ts';
import type { DescribedFault, TrackedAction, TrackVerdict, TributaryClientOptions } from './types.ts';

const VIEW: TrackedAction = { itemId: 'i', type: 'view' };
const PAGE = '<!doctype html><title>Welcome</title>';

/** A client whose url leads elsewhere for the first requests, and to a gateway after that. */
function misled(wrong: FakeAnswer | Error, options: Partial<TributaryClientOptions> = {}) {
  const faults: DescribedFault[] = [];
  let isRight = false;
  const platform = createFakePlatform(() => {
    if (isRight) return undefined;
    if (wrong instanceof Error) throw wrong;
    return wrong;
  });
  const onError = (fault: DescribedFault) => faults.push(fault);
  const { client } = createClientOn(platform, { url: 'http://gateway/', userId: 'u', onError, ...options });
  return { platform, client, faults, mend: () => (isRight = true) };
}

describe('a client whose url is wrong', () => {
  for (const [what, wrong, code] of [
    ['a page with 200', { status: 200, page: PAGE }, 'gateway.foreign'],
    ['a page with 404', { status: 404, page: PAGE }, 'gateway.foreign'],
    ['a page with 403', { status: 403, page: PAGE }, 'gateway.foreign'],
    ['a page with 502', { status: 502, page: PAGE }, 'gateway.foreign'],
    ['an empty object', { status: 200, body: {} }, 'gateway.foreign'],
    ['a list', { status: 201, body: [] }, 'gateway.foreign'],
    ['a text', { status: 200, body: 'ok' }, 'gateway.foreign'],
    ['another shape of error', { status: 401, body: { message: 'log in' } }, 'gateway.foreign'],
    [
      'a gateway under a wrong path',
      { status: 404, body: { error: { code: 'route.unknown', reason: 'there is no POST /v1/v1/actions' } } },
      'gateway.foreign',
    ],
    ['fewer verdicts than events', { status: 202, body: { results: [] } }, 'http.202'],
    [
      'nothing',
      new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
      'gateway.unreachable',
    ],
  ] as const) {
    it(`${what} in place of an answer loses no event, and is reported once with the address and the remedy`, async () => {
      const { platform, client, faults, mend } = misled(wrong);
      const verdicts: TrackVerdict[] = [];
      void client.track(VIEW).then((verdict) => verdicts.push(verdict));
      await platform.advance(120_000);
      assert.deepEqual([verdicts, client.queued], [[], 1]);
      assert.deepEqual(
        faults.map((fault) => fault.code),
        [code],
      );
      if (code !== 'http.202') {
        assert.match(
          faults[0]!.reason,
          /^http:\/\/gateway (answered \d+, but not as|does not answer: connect)/,
        );
        assert.match(faults[0]!.remedy!, /option url/);
      }
      mend();
      await platform.advance(60_000);
      assert.deepEqual(
        verdicts.map(({ status }) => status),
        ['accepted'],
      );
      assert.equal(faults.length, 1);
    });
  }

  it('is never silent: without onError the console says once that events wait', async (t) => {
    const printed = t.mock.method(console, 'warn', () => undefined);
    const platform = createFakePlatform(() => ({ status: 200, page: PAGE }));
    const { client } = createClientOn(platform, { url: 'http://gateway', userId: 'u' });
    void client.track(VIEW);
    await platform.advance(120_000);
    assert.equal(printed.mock.callCount(), 1);
    assert.match(String(printed.mock.calls[0]!.arguments[0]), /1 events wait: http:\/\/gateway answered 200/);
  });

  it('an onError that throws does not stop the queue', async (t) => {
    t.mock.method(console, 'error', () => undefined);
    const { platform, client, mend } = misled(
      { status: 200, page: PAGE },
      {
        onError() {
          throw new Error('boom');
        },
      },
    );
    void client.track(VIEW);
    await platform.advance(10_000);
    mend();
    await platform.advance(60_000);
    assert.equal(client.queued, 0);
  });

  it('items wait too, and a slate is an error that names the address', async () => {
    const { platform, client, faults, mend } = misled({ status: 200, page: PAGE });
    const verdicts = client.identifyItems([{ itemId: 'i', title: 'T' }]);
    await platform.advance(10_000);
    assert.equal(faults[0]!.code, 'gateway.foreign');
    for (const read of [client.recommend(), client.similar('i'), client.item('..')])
      await assert.rejects(read, {
        name: 'ClientError',
        code: 'gateway.foreign',
        status: 0,
        retryable: true,
      });
    mend();
    await platform.advance(60_000);
    assert.deepEqual(
      (await verdicts).map(({ status }) => status),
      ['accepted'],
    );
  });

  it('one event that a proxy finds too large is rejected, so that the others are sent', async () => {
    const platform = createFakePlatform(({ entries }) =>
      entries.some(({ itemId }) => itemId === 'huge') ? { status: 413, page: PAGE } : undefined,
    );
    const { client } = createClientOn(platform, { url: 'http://gateway', userId: 'u' });
    const verdicts = Promise.all(['huge', 'i'].map((itemId) => client.track({ ...VIEW, itemId })));
    await platform.advance(60_000);
    assert.deepEqual(
      (await verdicts).map(({ status }) => status),
      ['rejected', 'accepted'],
    );
  });

  it('an item that is no JSON has a verdict of its own, and the others are put', async () => {
    const platform = createFakePlatform();
    const { client } = createClientOn(platform, { url: 'http://gateway' });
    const given = [
      { itemId: 'a', title: 1n as unknown as string },
      { itemId: 'b', title: 'B' },
    ];
    const verdicts = client.identifyItems(given);
    await platform.advance(1_000);
    assert.deepEqual(
      (await verdicts).map(({ status }) => status),
      ['dropped', 'accepted'],
    );
  });
});

describe('the options of a client', () => {
  const BAD: ReadonlyArray<[string, unknown]> = [
    ...[undefined, null, 5, '', 'shop', 'ftp://shop', 'http://', 'http://a b', 'http://shop/?x=1'].map(
      (value): [string, unknown] => ['url', value],
    ),
    ...[-1, 0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null].flatMap((value): [string, unknown][] =>
      ['maxQueued', 'batchSize', 'timeoutMs'].map((name) => [name, value]),
    ),
    ['batchSize', 1_001],
    ['flushMs', -1],
    ['flushMs', Number.NaN],
    ['flushMs', 2 ** 31],
    ['userId', 7],
    ['userId', ''],
    ['onVerdict', 'log'],
    ['onError', true],
    ['headers', 'authorization'],
    ['queueFile', 3],
    ['maxQueue', 100],
    ['constructor', 1],
  ];

  it('each that makes no sense is an error that names it, in a browser and in Node', () => {
    for (const [name, value] of BAD) {
      const options = { url: 'http://gateway', [name]: value } as unknown as TributaryClientOptions;
      const named = { name: 'TypeError', message: new RegExp(`the option ${name} (must be|is none of)`) };
      assert.throws(() => createClient(options), named, `${name} ${String(value)}`);
      assert.throws(() => createPageClient(options, {} as Page), named, `${name} ${String(value)}`);
    }
    assert.throws(() => createClient(undefined as never), /the option url must be/);
  });

  it('those that are left out or undefined have their defaults', async () => {
    const options = { url: 'https://shop.example/events/', batchSize: undefined, flushMs: 0, maxQueued: 1 };
    const client = createClient(options as unknown as TributaryClientOptions);
    assert.equal(client.queued, 0);
    await client.close();
  });
});
