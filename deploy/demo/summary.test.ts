import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderShowcase } from './showcase.ts';
import { renderStatus, renderSummary, type Summary } from './summary.ts';

const summary: Summary = {
  dataset: 'completejourney',
  gateway: 'http://127.0.0.1:18080',
  items: 9,
  eventsSent: 50_000,
  eventsAcknowledged: 50_000,
  eventsRejected: 0,
  eventsInLog: 50_000,
  duplicatesInLog: 0,
  deadLetters: 0,
  slatesInLog: 40,
  rewards: 400,
  rewardsEarned: 30,
  observations: 380,
  slateOverlap: 0.2,
  usersWithMedoids: 1_600,
  generation: { id: 'g1', state: 'active', without: {} },
  indexItems: 9,
  freshnessMs: { p50: 61.5, p99: 240, max: 300, count: 150, timedOut: 0, skipped: 2 },
  liveRate: { wanted: 200, achieved: 199.9, usersPerSecond: 140 },
  historyRate: 9_000,
  visits: 40,
  failedVisits: 0,
  slates: [],
  lag: { interests: 0, 'rerank.pools': 0 },
  memoryMiB: 1_500,
  seconds: 120.5,
  secondsByPhase: { data: 1.5, servers: 12 },
};

test('a summary without faults states that', () => {
  const text = renderSummary(summary);
  assert.match(text, /^events +50000 sent, 50000 acknowledged, 50000 in the log$/m);
  assert.match(text, /^not as planned +nothing$/m);
  assert.match(text, /^freshness +p50 61\.5 ms, p99 240 ms over 150 actions, 2 skipped$/m);
  assert.match(text, /^slates +two users’ share 20\.0 % of their items$/m);
  assert.match(text, /^time +120\.5 s: data 1\.5, servers 12$/m);
});

test('each fault is listed, and a missing measurement is called unknown', () => {
  const freshnessMs = { p50: null, p99: null, max: null, count: 0, timedOut: 3, skipped: 0 };
  const text = renderSummary({ ...summary, eventsRejected: 1, deadLetters: 2, freshnessMs, memoryMiB: null });
  assert.match(text, /^not as planned +1 events rejected, 2 dead letters, 3 freshness probes timed out$/m);
  assert.match(text, /^freshness +p50 unknown, p99 unknown over 0 actions$/m);
  assert.match(text, /^memory +unknown here$/m);
});

test('a summary names what its generation goes without, with the reasons', () => {
  assert.match(renderSummary(summary), /^goes without +nothing$/m);
  const without = { 'hard negatives': '88 % of the queries reach 32 items', combiner: 'too few users' };
  assert.match(
    renderSummary({ ...summary, generation: { ...summary.generation, without } }),
    /^goes without +hard negatives \(88 % of the queries reach 32 items\); combiner \(too few users\)$/m,
  );
});

test('the status of a replay is one line', () => {
  const counts = { sent: 12, acknowledged: 10, rejected: 0, rejections: [] };
  const status = renderStatus({ counts, freshness: { ...summary.freshnessMs, timedOut: 1 } });
  assert.equal(status, '10 live actions; in a slate after p50 61.5 ms, p99 240 ms (150 probes, 1 timed out)');
});

test('a user is shown with interests by title and reasons; a user without interests is shown too', () => {
  const milk = { itemId: '1', title: 'Milk', reason: 'because you bought “Bread”' };
  assert.equal(
    renderShowcase({ userId: 'u', interests: [{ title: 'Bread', share: 0.25, actions: 4 }], items: [milk] }),
    [
      'User u cares about',
      '  25.0%  Bread (4 actions)',
      'and is shown',
      '  1. Milk – because you bought “Bread”',
    ].join('\n'),
  );
  assert.match(
    renderShowcase({ userId: 'u', interests: [], items: [] }),
    /nothing yet\nand is shown\n {2}nothing yet$/,
  );
});
