import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import fastify from 'fastify';
import { type ProbedSlate, renderSlateChange } from './slate-change.ts';

const item = (itemId: string, title = itemId.toUpperCase()) => ({
  itemId,
  title,
  propensity: 0.5,
  models: ['medoid-neighbours'],
  reason: 'because you bought “Tea”',
});
const slateOf = (interestsVersion: number, ...ids: string[]): ProbedSlate => ({
  policy: 'greedy',
  interestsVersion,
  items: ids.map((id) => item(id)),
});

describe('trigger', () => {
  const server = fastify();
  const asked: string[] = [];
  /** Reads of interests and of the slate since the action; the first ones do not reflect it yet. */
  let reads = 0;
  let isActed = false;
  let isKnown = true;
  let url = '';

  before(async () => {
    server.post('/v1/actions', async (_request, reply) => {
      isActed = true;
      return reply.code(202).send({
        accepted: 1,
        rejected: 0,
        results: [{ index: 0, status: 'accepted', partition: 2, offset: 41 }],
      });
    });
    server.get('/v1/interests', async (_request, reply) => {
      if (!isKnown && !isActed)
        return reply.code(404).send({ error: { code: 'user.unknown', reason: 'unknown', retryable: false } });
      reads += isActed ? 1 : 0;
      const version = reads > 1 ? 41 : 12;
      return { version, windowSize: reads > 1 ? 4 : 3, medoids: [{ itemId: 'tea', title: 'Tea', share: 1 }] };
    });
    server.get('/v1/recommendations', async (request) => {
      asked.push(request.url);
      reads += isActed ? 1 : 0;
      return reads > 3 ? slateOf(41, 'b', 'c', 'a') : slateOf(12, 'a', 'b', 'd');
    });
    for (const [path, code] of [
      ['/v1/items', 'item.unlisted'],
      ['/v1/similar', 'item.unknown'],
    ] as const) {
      server.get<{ Querystring: { itemId: string } }>(path, async ({ query: { itemId } }, reply) =>
        itemId === (path === '/v1/items' ? 'tea' : 'seen')
          ? { itemId }
          : itemId === 'unsure'
            ? reply.code(503).send({ error: { code: 'index.empty', reason: 'none', retryable: false } })
            : reply.code(404).send({ error: { code, reason: 'there is none', retryable: false } }),
      );
    }
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => server.close());
  beforeEach(() => {
    asked.length = 0;
    reads = 0;
    isActed = false;
    isKnown = true;
  });

  const trigger = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const command = [join(import.meta.dirname, 'cli.ts'), 'trigger', ...args];
      const env = { ...process.env, KAFKA_BROKERS: '127.0.0.1:1', TRIBUTARY_GATEWAY_URL: url };
      execFile(process.execPath, command, { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });

  it('shows the interests and the slate before and after the action, each with the time that it took', async () => {
    const { code, stdout, stderr } = await trigger('buy', '--user', 'ann', '--item', 'tea');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /buy tea by ann is at actions 2:41 after \d+ ms/);
    assert.match(stdout, /The interests include it after \d+ ms: window of 3 → 4/);
    assert.match(
      stdout,
      /The slate reflects it after \d+ ms\.\n +1\. was 2 .*B \(b\)[\s\S]*2\. new .*C \(c\)[\s\S]*3\. was 1 /,
    );
    assert.match(stdout, /gone: D\n/);
    // Nobody sees these slates, so they must not be logged.
    assert.ok(asked.length > 1 && asked.every((path) => path.includes('probe=true')));
  });

  it('prints one JSON object with both slates', async () => {
    const { code, stdout } = await trigger('save', '--user', 'ann', '--item', 'tea', '-n', '3', '--json');
    assert.equal(code, 0);
    const seen = JSON.parse(stdout) as Record<string, unknown> & {
      slateBefore: ProbedSlate;
      slateAfter: ProbedSlate;
    };
    assert.deepEqual(
      [seen.offset, seen.slateBefore.interestsVersion, seen.slateAfter.interestsVersion],
      [41, 12, 41],
    );
    assert.ok(Number(seen.understoodMs) <= Number(seen.reflectedMs));
    assert.ok(asked.every((path) => path.includes('n=3')));
  });

  it('says after the slate that nothing else has a mistyped item, and nothing of a known one or where that is not known', async () => {
    const mistyped = await trigger('buy', '--user', 'ann', '--item', 'gibtsnicht');
    assert.equal(mistyped.code, 0, mistyped.stderr);
    assert.match(
      mistyped.stdout,
      /gone: D\nNo catalogue entry and no other action .* has the item gibtsnicht: compare the id\.\nThe whole story/,
    );
    for (const [itemId, isKnown] of [
      ['gibtsnicht', false],
      ['tea', true],
      ['seen', true],
      ['unsure', null],
    ] as const) {
      isActed = false;
      reads = 0;
      const { stdout } = await trigger('buy', '--user', 'ann', '--item', itemId, '--json');
      assert.equal((JSON.parse(stdout) as { isItemKnown: unknown }).isItemKnown, isKnown, itemId);
    }
    isActed = false;
    reads = 0;
    assert.doesNotMatch((await trigger('buy', '--user', 'ann', '--item', 'tea')).stdout, /compare the id/);
  });

  it('waits for nothing after an impression, and where it is told not to watch', async () => {
    for (const args of [['impression'], ['buy', '--no-watch']]) {
      const { code, stdout, stderr } = await trigger(...args, '--user', 'ann', '--item', 'tea');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /is at actions 2:41 after \d+ ms .*\n$/);
    }
    assert.deepEqual(asked, []);
  });

  it('shows a user who was unknown before', async () => {
    isKnown = false;
    const { code, stdout, stderr } = await trigger('buy', '--user', 'new', '--item', 'tea');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /window of 0 → 4/);
  });

  it('says that a slate is empty, and that an item kept its place', () => {
    assert.match(renderSlateChange(undefined, slateOf(1)), /It is empty/);
    assert.match(renderSlateChange(slateOf(1, 'a'), slateOf(2, 'a', 'b')), /1\. same place .*\n +2\. new /);
  });
});
