import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Lane, takeRequest } from './lanes.ts';

function laneOf(partition: number, ...sizes: number[]): Lane {
  const waiting = sizes.map((size) => ({
    message: { key: 'k', value: Buffer.alloc(size) },
    resolve: () => undefined,
    reject: () => undefined,
    since: 0,
  }));
  return { topic: 'actions', partition, waiting, route: undefined };
}

/** Takes requests until none is left, as `partition*messages`. */
function allRequests(...lanes: Lane[]): string[] {
  const route = { lanes: new Set(lanes), isBusy: false, sentAt: 0 };
  const requests: string[] = [];
  while (route.lanes.size > 0) {
    const parcels = takeRequest(route);
    requests.push(parcels.map(({ lane, messages }) => `${lane.partition}*${messages.length}`).join(' '));
    for (const { lane } of parcels) if (lane.waiting.length > 0) route.lanes.add(lane);
  }
  return requests;
}

it('small parts of many partitions share a request, and a large part goes alone', () => {
  assert.deepEqual(allRequests(laneOf(0, 10, 10), laneOf(1, 40_000, 10), laneOf(2, 10)), ['0*2 2*1', '1*2']);
});

it('a request has at most half a mebibyte, or one message', () => {
  const lanes = Array.from({ length: 20 }, (_, partition) => laneOf(partition, 30_000));
  const requests = allRequests(...lanes);
  assert.deepEqual(
    requests.map((request) => request.split(' ').length),
    [17, 3],
  );
  assert.deepEqual(allRequests(laneOf(0, 400_000, 200_000, 900_000)), ['0*1', '0*1', '0*1']);
});

it('a request has at most 2,000 messages of a partition', () => {
  const small = Array.from({ length: 4_500 }, () => 0);
  assert.deepEqual(allRequests(laneOf(0, ...small), laneOf(1, 1)), ['0*2000', '1*1', '0*2000', '0*500']);
});
