import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { openTestNamespace, someAction, type TestNamespace } from '#topics/test-namespace.ts';
import { takeCensus } from './census.ts';

let namespace: TestNamespace;
let log: Parameters<typeof takeCensus>[0];

before(async () => {
  namespace = await openTestNamespace();
  await namespace.apply();
  log = { kafka: namespace.kafka, codec: namespace.codec, topic: namespace.topicOf };
});
after(() => namespace.close());

const medoid = { itemId: 'i', type: 'buy', importance: 1, size: 1, lastOccurredAt: 1 };

function interests(userId: string, generation: string | null, medoids: number): RecordTypes['UserInterests'] {
  return {
    userId,
    version: 1,
    generation,
    streamTime: 1,
    receivedAt: 1,
    medoids: Array(medoids).fill(medoid),
    recent: [],
    windowSize: 1,
    unknownItems: 0,
  };
}

function slate(servedAt: number, observations: number): RecordTypes['Slate'] {
  return {
    slateId: `s${servedAt}`,
    userId: 'u',
    servedAt,
    policy: 'p',
    observations,
    generation: null,
    interestsVersion: 1,
    experiment: null,
    slots: [],
  };
}

test('an empty log is counted as zeros', async () => {
  assert.deepEqual(await takeCensus(log, 'g2'), {
    eventsInLog: 0,
    duplicatesInLog: 0,
    deadLetters: 0,
    slatesInLog: 0,
    rewards: 0,
    rewardsEarned: 0,
    observations: 0,
    usersWithMedoids: 0,
  });
});

test('events, duplicates, the newest slate and the newest interests of each user are counted separately', async () => {
  for (const eventId of ['e1', 'e2', 'e1']) {
    const value = namespace.encode('UserAction', someAction({ eventId }));
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

  assert.deepEqual(await takeCensus(log, 'g2'), {
    eventsInLog: 2,
    duplicatesInLog: 1,
    deadLetters: 0,
    slatesInLog: 2,
    rewards: 0,
    rewardsEarned: 0,
    observations: 20,
    usersWithMedoids: 1,
  });
});
