import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { aMedoid, anAction, aSlate, someInterests } from '#contracts/domain/records.testing.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { readCensus } from './census.ts';

let namespace: TestNamespace;
let log: Parameters<typeof readCensus>[0];

before(async () => {
  namespace = await openTestNamespace();
  await namespace.apply();
  log = { kafka: namespace.kafka, codec: namespace.codec, topic: namespace.topicOf };
});
after(() => namespace.close());

function interests(userId: string, generation: string | null, medoids: number): RecordTypes['UserInterests'] {
  return someInterests({ userId, generation, medoids: Array(medoids).fill(aMedoid()) });
}

function slate(servedAt: number, observations: number): RecordTypes['Slate'] {
  return aSlate({ slateId: `s${servedAt}`, servedAt, observations, slots: [] });
}

test('an empty log is counted as zeros', async () => {
  assert.deepEqual(await readCensus(log, 'g2'), {
    eventsInLog: 0,
    duplicatesInLog: 0,
    deadLetters: 0,
    slatesInLog: 0,
    rewards: 0,
    rewardsEarned: 0,
    observations: 0,
    slateOverlap: 0,
    usersWithMedoids: 0,
  });
});

test('events, duplicates, the newest slate and the newest interests of each user are counted separately', async () => {
  for (const eventId of ['e1', 'e2', 'e1']) {
    const value = namespace.encode('UserAction', anAction({ eventId }));
    await namespace.produce('actions', { key: 'u', value });
  }
  for (const [servedAt, observations] of [
    [2, 20],
    [1, 30],
  ] as const) {
    await namespace.produce('slates', {
      key: 'u',
      value: namespace.encode('Slate', slate(servedAt, observations)),
    });
  }
  const words: readonly (readonly [string, string | null, number])[] = [
    ['stays', 'g1', 1],
    ['stays', 'g2', 2],
    ['lost its medoids', 'g2', 1],
    ['lost its medoids', 'g2', 0],
    ['not followed', 'g1', 1],
    ['erased', 'g2', 1],
  ];
  for (const [userId, generation, medoids] of words) {
    const value = namespace.encode('UserInterests', interests(userId, generation, medoids));
    await namespace.produce('interests', { key: userId, value });
  }
  await namespace.produce('interests', { key: 'erased', value: null });

  assert.deepEqual(await readCensus(log, 'g2'), {
    eventsInLog: 2,
    duplicatesInLog: 1,
    deadLetters: 0,
    slatesInLog: 2,
    rewards: 0,
    rewardsEarned: 0,
    observations: 20,
    slateOverlap: 0,
    usersWithMedoids: 1,
  });
});
