import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { StageProcess } from '#platform/testing/stage-process.ts';
import { readTopic } from '#topics/reader.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { type GatewayBesidePeers, openGatewayBesidePeers, type PeerAnswer } from './beside-peers.testing.ts';

const GOOD = { userId: 'u1', itemId: 'milk', type: 'buy' };
const DAY = 86_400_000;
/** Ids that URLs, stores or objects of JavaScript treat in a special way. */
const UNUSUAL_IDS = [
  '.',
  '..',
  'a/b',
  '100%',
  '%2e',
  'a\0b',
  'a\nb',
  'é',
  'e\u0301',
  '__proto__',
  'constructor',
  ' ',
];

interface Answer {
  readonly accepted?: number;
  readonly results?: readonly { readonly status: string; readonly error?: Answer['error'] }[];
  readonly error?: { readonly code: string; readonly field?: string; readonly reason: string };
}

describe('the gateway stage, given unusual requests', () => {
  let beside: GatewayBesidePeers;
  let test: TestNamespace;
  let stage: StageProcess;
  let asked: string[];

  before(async () => {
    asked = [];
    const answerOf = (url: string): PeerAnswer => {
      asked.push(url);
      return [200, { itemId: 'x', title: 'X', generation: 'g1', items: [] }];
    };
    beside = await openGatewayBesidePeers(answerOf, { TRIBUTARY_DRAIN_DEADLINE_MS: '2000' });
    ({ test, stage } = beside);
  });

  after(() => beside.close());

  /** Sends the path as it is; `fetch` would resolve the segments `.` and `..`. */
  function call(method: string, path: string, body?: Buffer | string, headers: Record<string, string> = {}) {
    return new Promise<{ status: number; body: Answer }>((resolve, reject) => {
      const { hostname, port } = new URL(stage.url);
      const sent = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
      const outgoing = request({ hostname, port, method, path, headers: sent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString()) as Answer;
          resolve({ status: response.statusCode!, body: answer });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
  const post = (body: unknown, headers?: Record<string, string>) =>
    call('POST', '/v1/actions', JSON.stringify(body), headers);

  async function keysOf(topic: 'actions' | 'items'): Promise<(string | undefined)[]> {
    const keys: (string | undefined)[] = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: ({ key }) => keys.push(key?.toString()),
    });
    return keys;
  }

  it('each unusual id is put, acted on and asked for as the id that it is', async () => {
    for (const id of UNUSUAL_IDS) {
      const path = `/v1/items/${encodeURIComponent(id)}`;
      assert.equal((await call('PUT', path, '{"title":"T"}')).status, 202, id);
      assert.equal((await call('GET', `${path}/similar?n=3`)).status, 200, id);
      // One more than asked for, which tells whether another part follows.
      assert.equal(asked.at(-1), `/items/${encodeURIComponent(id)}/similar?n=4`);
    }
    const actions = UNUSUAL_IDS.map((id) => ({ ...GOOD, userId: id, itemId: id }));
    assert.equal((await post(actions)).status, 202);
    assert.deepEqual((await keysOf('items')).toSorted(), UNUSUAL_IDS.toSorted());
    assert.deepEqual((await keysOf('actions')).toSorted(), UNUSUAL_IDS.toSorted());
  });

  it('a parameter of a write is refused by its name and nothing is written, because it may have promised otherwise', async () => {
    const before = (await keysOf('actions')).length;
    const { status, body } = await call('POST', '/v1/actions?dryRun=true', JSON.stringify(GOOD));
    assert.deepEqual([status, body.error?.code, body.error?.field], [400, 'field.invalid', 'dryRun']);
    assert.equal((await keysOf('actions')).length, before);
  });

  it('one entry with a reserved name does not refuse the others of its batch', async () => {
    const items = Array.from({ length: 1_000 }, (_, n) => ({
      itemId: `i${n}`,
      title: 'T',
      attributes: { a: 'b' },
    }));
    const body = JSON.stringify(items)
      .replace('"a":"b"', '"__proto__":"b"')
      .replace('"a":"b"', '"constructor":"b"');
    const { status, body: answer } = await call('PUT', '/v1/items', body);
    assert.deepEqual([status, answer.accepted], [207, 999]);
    assert.equal(answer.results![0]!.error?.field, 'attributes.__proto__');
  });

  it('an entry whose record does not fit into the log is rejected for good, and its neighbours are accepted', async () => {
    const small = { itemId: 'small', title: 'T' };
    const overhead = JSON.stringify([{ itemId: 'huge', title: 'T', text: '' }, small]).length;
    const huge = { itemId: 'huge', title: 'T', text: 'x'.repeat(1_048_576 - overhead) };
    const { status, body } = await call('PUT', '/v1/items', JSON.stringify([huge, small]));
    assert.deepEqual([status, body.accepted], [207, 1]);
    assert.equal(body.results![0]!.error?.code, 'entry.too-large');
    const alone = await call('PUT', '/v1/items/huge', JSON.stringify({ title: 'T', text: huge.text }));
    assert.deepEqual([alone.status, alone.body.error?.code], [400, 'entry.too-large']);
    assert.match(alone.body.error!.reason, /the record has 1048\d{3} bytes; at most 1048320 are allowed/);
    const fitting = { title: 'T', text: huge.text.slice(0, 1_048_000) };
    assert.equal((await call('PUT', '/v1/items/huge', JSON.stringify(fitting))).status, 202);
  });

  it('times in another unit, dates that do not exist and times older than the log are rejected by name', async () => {
    const now = Date.now();
    const BAD: ReadonlyArray<[number | string, string, RegExp]> = [
      [Math.round(now / 1_000), 'field.invalid', /looks like seconds/],
      [now * 1_000, 'field.invalid', /looks like microseconds/],
      ['2026-02-30T00:00:00Z', 'field.invalid', /is no date/],
      [now - 91 * DAY, 'time.past', /keeps actions for 90 days/],
    ];
    const { status, body } = await post([...BAD.map(([occurredAt]) => ({ ...GOOD, occurredAt })), GOOD]);
    assert.deepEqual([status, body.accepted], [207, 1]);
    for (const [index, [, code, reason]] of BAD.entries()) {
      const { error } = body.results![index]!;
      assert.deepEqual([error?.code, error?.field], [code, 'occurredAt']);
      assert.match(error!.reason, reason);
    }
  });

  it('gzip is read, and two users whose ids are not UTF-8 do not become one', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    assert.equal((await call('POST', '/v1/actions', gzipSync(JSON.stringify(GOOD)), gzip)).status, 202);
    for (const user of ['Andr\xe9', 'Andr\xe8']) {
      const body = Buffer.from(JSON.stringify({ ...GOOD, userId: user }), 'latin1');
      const { status, body: answer } = await call('POST', '/v1/actions', body);
      assert.deepEqual([status, answer.error?.code], [400, 'body.malformed']);
    }
    const query = await call('GET', '/v1/recommendations?userId=Andr%e9');
    assert.deepEqual([query.status, query.body.error?.code], [400, 'request.malformed']);
  });

  it('a client that never ends its body does not hold up the shutdown', async () => {
    const { port } = new URL(stage.url);
    const straggler = connect(Number(port), '127.0.0.1');
    straggler.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      straggler.once('data', () => resolve());
      straggler.write(
        'POST /v1/actions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\nexpect: 100-continue\r\n\r\n',
      );
    });
    assert.equal(await stage.stop(), 0);
    straggler.destroy();
  });
});
