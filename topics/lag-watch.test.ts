import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { someInterests } from '#contracts/domain/records.testing.ts';
import { HopTimes } from './hop-times.ts';
import type { GroupLag } from './lag.ts';
import { progressBetween, renderInterval } from './lag-watch.ts';

function lagOf(end: number, lag: number, group = 'demo.interests'): GroupLag {
  const partitions = [{ partition: 0, committed: end - lag, end, lag }];
  return { group, topic: 'demo.actions', state: 'Stable', members: 1, lag, partitions };
}

describe('topics -- lag --watch', () => {
  it('states what was written and read a second, and how the lag changed', () => {
    const [progress] = progressBetween([lagOf(1_000, 100)], [lagOf(1_400, 300)], 2);
    assert.deepEqual(progress, {
      group: 'demo.interests',
      topic: 'demo.actions',
      written: 200,
      read: 100,
      lag: 300,
      change: 200,
    });
  });

  it('gives a group that has just appeared no rates, and a topic made anew no negative ones', () => {
    const [appeared] = progressBetween([], [lagOf(50, 50)], 2);
    assert.deepEqual([appeared!.written, appeared!.read, appeared!.change], [0, 0, 0]);
    const [anew] = progressBetween([lagOf(1_000, 0)], [lagOf(10, 4)], 2);
    assert.deepEqual([anew!.written, anew!.read, anew!.lag], [0, 0, 4]);
  });

  it('measures each hop of the actions, and begins anew with each reading', () => {
    const hops = new HopTimes();
    for (let version = 0; version < 100; version++) {
      const value = { ...someInterests(), userId: 'ann', version, receivedAt: 1_000 };
      hops.addInterests(value, 1_010 + version);
      hops.addProposal(value, 1_030 + version);
    }
    hops.addProposal({ userId: '*', version: -1, receivedAt: 0 }, 2_000);
    hops.addProposal({ userId: 'bob', version: 7, receivedAt: 1_000 }, 1_500);
    assert.deepEqual(hops.take(), [
      { hop: 'accepted → interests', messages: 100, p50: 59, p99: 108 },
      { hop: 'interests → proposals', messages: 100, p50: 20, p99: 20 },
      { hop: 'accepted → proposals', messages: 101, p50: 80, p99: 129 },
    ]);
    assert.deepEqual(hops.take(), []);
  });

  it('renders the groups and the hops as tables', () => {
    const groups = progressBetween([lagOf(1_000, 100)], [lagOf(1_400, 300)], 2);
    const hops = [{ hop: 'accepted → interests', messages: 396, p50: 14, p99: 61 }];
    const text = renderInterval({ at: Date.UTC(2026, 0, 1, 14, 3, 20), groups, hops });
    assert.match(text, /^14:03:20 UTC\nGROUP .* CHANGE\ndemo.interests +demo.actions +200 +100 +300 +200\n/);
    assert.match(text, /\nHOP +MESSAGES +P50 MS +P99 MS\naccepted → interests +396 +14 +61$/);
    assert.match(renderInterval({ at: 0, groups: [], hops: [] }), /No consumer group/);
  });
});
