import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl } from '#stages/stages.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import type { BatchAnswer } from '../../services/gateway/ingest/batch.ts';
import { freePort } from '../local/ports.ts';
import { type Stages, startStages } from '../local/stages.ts';
import { type AcknowledgedAction, checkAcknowledged } from './checkers/acknowledged.ts';
import { startProxy, type TcpProxy } from './nemesis/proxy.ts';
import { readLog } from './read-log.ts';
import { type FaultServers, startFaultServers } from './servers.ts';

const MOST_WRITES = 40;
const WRITE_TIMEOUT_MS = 4_000;
/** Requests that are sent at once, while no broker answers. */
const REQUESTS = 300;
const ACTIONS = 20;
/** A request that has no answer by then has failed. */
const ANSWER_MS = 30_000;
const MIB = 1_048_576;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly code: string | undefined;
  readonly acknowledged: readonly AcknowledgedAction[];
}

describe('the gateway while no broker answers', () => {
  let servers: FaultServers;
  let test: TestNamespace;
  let proxy: TcpProxy;
  let stages: Stages;
  let gateway: string;
  let sent = 0;

  before(async () => {
    const listener = { port: await freePort(), advertisedPort: await freePort() };
    servers = await startFaultServers({ nodes: 1, heap: '256m', proxied: [listener] });
    proxy = await startProxy(listener.advertisedPort, () => listener.port);
    Object.assign(process.env, servers.env);
    test = await openTestNamespace();
    await test.apply();
    stages = await startStages({
      names: ['gateway'],
      runDirectory: servers.runDirectory,
      env: {
        ...servers.env,
        KAFKA_BROKERS: `127.0.0.1:${listener.advertisedPort}`,
        TRIBUTARY_NAMESPACE: test.namespace,
        TRIBUTARY_LOG_LEVEL: 'error',
        TRIBUTARY_GATEWAY_MAX_WRITES: String(MOST_WRITES),
        TRIBUTARY_GATEWAY_WRITE_TIMEOUT_MS: String(WRITE_TIMEOUT_MS),
      },
    });
    gateway = localUrl(stages.ports.gateway!);
  });

  after(async () => {
    await stages.stop();
    await test.close().catch(() => undefined);
    proxy.close();
    await servers.stop();
  });

  async function post(): Promise<Answer> {
    const actions = Array.from({ length: ACTIONS }, () => {
      sent++;
      return { eventId: `e${sent}`, userId: `user-${sent % 50}`, itemId: `item-${sent % 20}`, type: 'view' };
    });
    const response = await fetch(`${gateway}/v1/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(actions),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { results = [], error } = (await response.json()) as Partial<BatchAnswer>;
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      code: error?.code,
      acknowledged: results.flatMap((one) =>
        one.status === 'accepted'
          ? [{ eventId: actions[one.index]!.eventId, partition: one.partition, offset: one.offset }]
          : [],
      ),
    };
  }

  async function memoryMib(): Promise<number> {
    const text = await (await fetch(`${gateway}/metrics`)).text();
    return Number(/^process_resident_memory_bytes\S* (\S+)$/m.exec(text)?.[1]) / MIB;
  }

  it('answers every post with 503 and Retry-After, holds no more of them than its bound, and loses nothing acknowledged', async (t) => {
    const acknowledged: AcknowledgedAction[] = [];
    const first = await post();
    assert.equal(first.status, 202);
    acknowledged.push(...first.acknowledged);
    const before = await memoryMib();

    proxy.set({ kind: 'black-hole' });
    const wave = await Promise.all(Array.from({ length: REQUESTS }, post));
    for (const { status, retryAfter, code } of wave) {
      assert.equal(status, 503, code);
      assert.ok(Number(retryAfter) > 0, `Retry-After is ${retryAfter}`);
    }
    const held = wave.filter(({ code }) => code === 'kafka.unacknowledged').length;
    const refused = wave.filter(({ code }) => code === 'stage.overloaded').length;
    assert.equal(held + refused, REQUESTS);
    assert.ok(held > 0 && held <= MOST_WRITES, `${held} posts waited for Kafka`);
    assert.equal((await fetch(`${gateway}/healthz`)).status, 200, 'it is alive meanwhile');
    const grown = (await memoryMib()) - before;
    t.diagnostic(`${held} waited, ${refused} were refused, memory grew by ${grown.toFixed(0)} MiB`);
    assert.ok(grown < 100, `memory grew by ${grown} MiB`);

    proxy.set({ kind: 'pass' });
    const last = await waitFor(
      async () => {
        const answer = await post();
        acknowledged.push(...answer.acknowledged);
        return answer.status === 202 && answer;
      },
      { message: 'posts are acknowledged again', timeoutMs: 60_000 },
    );
    assert.equal(last.acknowledged.length, ACTIONS);
    assert.deepEqual(checkAcknowledged(acknowledged, await readLog(test, 'actions')), []);
  });
});
