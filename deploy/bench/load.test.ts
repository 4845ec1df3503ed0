import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offerLoad } from './load.ts';

test('a load continues while requests wait, and counts each of them once', async () => {
  const end = new AbortController();
  const answered: (() => void)[] = [];
  const figures = await offerLoad({
    perSecond: 1_000,
    until: end.signal,
    async send(number) {
      if (number === 2) throw new Error('refused');
      if (number < 9) return new Promise((resolve) => answered.push(resolve));
      end.abort();
      for (const answer of answered) answer();
    },
  });
  assert.equal(answered.length, 8);
  assert.equal(figures.failed, 1);
  assert.deepEqual(figures.reasons, ['refused']);
  assert.equal(figures.latenciesMs.length + figures.failed, figures.requests);
  assert.ok(figures.latenciesMs.every((latency) => latency >= 0));
});
