import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DatasetAction, range } from './dataset.ts';
import { type Mood, startFakeGateway } from './fake-gateway.testing.ts';
import { connectGateway, GatewayError } from './gateway.ts';
import { loadHistory, loadItems } from './load.ts';
import { printTenths } from './progress.ts';

const history: readonly DatasetAction[] = Array.from({ length: 5_000 }, (_, index) => ({
  eventId: `e-${index}`,
  userId: `u-${index % 37}`,
  itemId: `i-${index % 11}`,
  type: 'buy',
  occurredAt: index,
}));

async function withGateway(
  mood: Mood | undefined,
  work: (fake: Awaited<ReturnType<typeof startFakeGateway>>) => Promise<void>,
) {
  const fake = await startFakeGateway(mood);
  try {
    await work(fake);
  } finally {
    await fake.close();
  }
}

test('the history arrives complete, shifted, in batches, and in the order of each user', async () => {
  await withGateway(undefined, async (fake) => {
    const gateway = connectGateway({ url: fake.url });
    const lines: string[] = [];
    const progress = printTenths('history', history.length, (line) => lines.push(line));
    const counts = await loadHistory(range(history), 1_000_000, gateway, progress);
    await gateway.close();
    assert.deepEqual(counts, { sent: 5_000, acknowledged: 5_000, rejected: 0, rejections: [] });
    const byId = new Map(fake.actions.map((action) => [action.eventId, action]));
    for (const action of history) {
      assert.deepEqual(byId.get(action.eventId), { ...action, occurredAt: action.occurredAt + 1_000_000 });
    }
    const times = fake.actions.filter(({ userId }) => userId === 'u-5').map(({ occurredAt }) => occurredAt);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(fake.requests.length < 50, `${fake.requests.length} requests`);
    assert.equal(lines.at(-1), '  history: 5000 of 5000 (100 %)\n');
  });
});

test('a batch is retried with the same events if the gateway is busy', async () => {
  const busyTwice: Mood = (request) => (request <= 2 ? { status: request === 1 ? 429 : 503 } : undefined);
  await withGateway(busyTwice, async (fake) => {
    const gateway = connectGateway({ url: fake.url });
    const counts = await loadHistory(range(history.slice(0, 1)), 0, gateway);
    await gateway.close();
    assert.equal(counts.acknowledged, 1);
    assert.deepEqual(
      fake.requests.map((batch) => batch[0]?.eventId),
      ['e-0', 'e-0', 'e-0'],
    );
  });
});

test('a rejection is reported at once with its code', async () => {
  const refuse: Mood = () => ({ status: 401, body: { error: { code: 'key.missing', reason: 'no key' } } });
  await withGateway(refuse, async (fake) => {
    const gateway = connectGateway({ url: fake.url });
    const loading = loadItems(range([{ itemId: 'i', title: 'I' }]), gateway);
    await assert.rejects(loading, (error) => error instanceof GatewayError && error.code === 'key.missing');
    await gateway.close();
    assert.equal(fake.requests.length, 1);
  });
});

test('an unreachable gateway is an error after the given time', async () => {
  const gateway = connectGateway({ url: 'http://127.0.0.1:9', retryForMs: 0 });
  await assert.rejects(loadItems(range([{ itemId: 'i', title: 'I' }]), gateway), { code: 'ECONNREFUSED' });
  await gateway.close();
});
