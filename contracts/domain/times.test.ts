import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { believableTime, MAX_FUTURE_MS, MAX_TIMESTAMP_AHEAD_MS, timeFault } from './times.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY = 86_400_000;

describe('the fault of a time', () => {
  it('names the unit that a time out of range is probably in', () => {
    assert.equal(timeFault('at', NOW), undefined);
    for (const [time, reason] of [
      [NOW / 1_000, /seconds/],
      [0, /seconds/],
      [NOW * 1_000, /microseconds/],
      [NOW * 1_000_000, /whole milliseconds/],
      [-1, /whole milliseconds/],
      [Number.NaN, /whole milliseconds/],
      [NOW + 0.5, /whole milliseconds/],
    ] as const) {
      assert.match(timeFault('at', time)?.reason ?? '', reason, String(time));
    }
  });
});

describe('a stored time', () => {
  it('is believed as far ahead as a log can lead to it, and clocks may differ by a day', () => {
    assert.equal(believableTime(0, NOW), 0);
    assert.equal(believableTime(NOW + MAX_FUTURE_MS + MAX_TIMESTAMP_AHEAD_MS, NOW), NOW + 900_000);
    assert.equal(believableTime(NOW + DAY, NOW), NOW + DAY);
  });

  it('is forgotten when no log can lead to it', () => {
    assert.equal(believableTime(NOW + 2 * DAY, NOW), 0);
    assert.equal(believableTime(NOW * 1_000, NOW), 0);
    assert.equal(believableTime(Number.NaN, NOW), 0);
  });
});
