import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { readProposeConfig } from './config.ts';
import { interests } from './interests.testing.ts';
import type { ListsForUsers, Proposer } from './proposers/proposer.ts';
import { sessionNeighbours } from './proposers/session-neighbours.ts';
import { sessionTransitions } from './proposers/session-transitions.ts';
import { Sessions } from './sessions.ts';

const PARTITIONS = 4;
const CONFIG = readProposeConfig({});
const { signal } = new AbortController();

/** Sessions that have read this log; the partitions are read in the given order. */
function sessionsOf(actions: readonly UserAction[], order = [0, 1, 2, 3]): Sessions {
  const sessions = new Sessions(CONFIG, PARTITIONS);
  for (const partition of order) {
    let offset = 0;
    for (const one of actions)
      if (partitionOfKey(one.userId, PARTITIONS) === partition)
        sessions.apply(logged(one), partition, offset++);
  }
  return sessions;
}

/** Views of each user, in one session. */
const views = (lists: Readonly<Record<string, string>>): UserAction[] =>
  Object.entries(lists).flatMap(([userId, items]) =>
    items.split(' ').map((itemId) => anAction({ userId, itemId, type: 'view' })),
  );

async function listOf(proposer: Proposer, sessions: Sessions, change: Parameters<typeof interests>[0] = {}) {
  const config = readProposeConfig({});
  const model = proposer.create({ sessions }, { settings: config.settingsOf(proposer), candidates: 3 });
  const user = interests({ userId: 'ann', version: 0, ...change });
  return (await (model as ListsForUsers).propose([user], signal)).get('ann')?.items;
}

describe('the sessions of the log', () => {
  const log = views({ bob: 'tea mate milk', cid: 'tea mate', dan: 'nail screw', ann: 'tea' });

  it('session neighbours propose what others took with the same items', async () => {
    const items = await listOf(sessionNeighbours, sessionsOf(log));
    assert.deepEqual(items, [
      { itemId: 'mate', score: 2 },
      { itemId: 'milk', score: 1 },
    ]);
  });

  it('transitions propose what followed, and name the item that it followed', async () => {
    const [first] = (await listOf(sessionTransitions, sessionsOf(log)))!;
    assert.equal(first?.itemId, 'mate');
    assert.equal(first?.because?.itemId, 'tea');
    assert.equal(first?.because?.type, 'view');
    assert.equal(first?.because?.importance, 1);
  });

  it('neither proposes an item of the window, and a user without a session gets an empty list', async () => {
    const items = await listOf(sessionNeighbours, sessionsOf(log), { recent: ['mate'] });
    assert.deepEqual(
      items?.map(({ itemId }) => itemId),
      ['milk'],
    );
    assert.deepEqual(
      await listOf(sessionNeighbours, sessionsOf(views({ bob: 'tea mate' })), { version: -1 }),
      [],
    );
  });

  it('dislike and invalid actions belong to no session', async () => {
    const more = [
      anAction({ userId: 'bob', itemId: 'odd', type: 'hide' }),
      anAction({ userId: 'bob', itemId: 'x'.repeat(300) }),
    ];
    const items = await listOf(sessionNeighbours, sessionsOf([...log, ...more]));
    assert.deepEqual(
      items?.map(({ itemId }) => itemId),
      ['mate', 'milk'],
    );
  });

  it('the lists are the same to the bit after a rebuild that reads the partitions in another order', async () => {
    const random = createRandom('sessions');
    const many = Array.from({ length: 2_000 }, (_, i) =>
      anAction({
        userId: i % 10 === 0 ? 'ann' : `u${random.integer(200)}`,
        itemId: `i${Math.floor(400 * random.next() ** 2)}`,
        occurredAt: Date.UTC(2026, 1, 1) + i * 6_000,
      }),
    );
    const [live, rebuilt] = [sessionsOf(many), sessionsOf(many, [3, 1, 0, 2])];
    for (const proposer of [sessionNeighbours, sessionTransitions]) {
      const items = await listOf(proposer, live);
      assert.equal(items?.length, 3);
      assert.deepEqual(await listOf(proposer, rebuilt), items);
    }
  });

  it('a list waits for the action of its interests, and goes on without it when that does not come', async () => {
    const sessions = sessionsOf(log);
    const late = anAction({ userId: 'ann', itemId: 'nail', type: 'view' });
    const partition = partitionOfKey('ann', PARTITIONS);
    const waiting = listOf(sessionNeighbours, sessions, { version: 50 });
    sessions.apply(logged(late), partition, 50);
    assert.ok((await waiting)?.some(({ itemId }) => itemId === 'screw'));
    const without = await listOf(sessionNeighbours, sessions, { version: 51 });
    assert.ok(without?.some(({ itemId }) => itemId === 'screw'));
  });
});
