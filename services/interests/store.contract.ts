import assert from 'node:assert/strict';
import { it } from 'node:test';
import { StateLost } from '#platform/kafka/held-state.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { DAY, START } from './actions.testing.ts';
import type { InterestsStore, RecordWrite } from './store.ts';

const partitionOf = (userId: string): number => partitionOfKey(userId, USER_PARTITIONS);

/** Two users of one partition, and one of another. */
const USERS = Array.from({ length: 50 }, (_, i) => `u${i}`);
const ANN = USERS[0]!;
const HOME = partitionOf(ANN);
const BOB = USERS.find((userId) => userId !== ANN && partitionOf(userId) === HOME)!;
const FAR = USERS.find((userId) => partitionOf(userId) !== HOME)!;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Writes are texts here: a store keeps bytes as they are. */
function derivedOf(text: string) {
  return { derived: bytes(`derived ${text}`), interests: Buffer.from(`interests ${text} 茶`) };
}

function whole(userId: string, offset: number, base = `window ${offset}`): RecordWrite {
  return { userId, offset, window: { base: bytes(base) }, ...derivedOf(String(offset)) };
}

function appended(userId: string, after: number, offset: number): RecordWrite {
  const window = { after, delta: bytes(`+${offset}`) };
  return { userId, offset, window, ...derivedOf(String(offset)) };
}

async function listUsers(store: InterestsStore, partition: number): Promise<string[]> {
  const listed: string[] = [];
  for await (const page of store.users(partition)) listed.push(...page);
  return listed;
}

/** The record of a user as text. */
async function textOf(store: InterestsStore, userId: string) {
  const [record] = await store.read(partitionOf(userId), [userId]);
  if (record === undefined) return undefined;
  const { offset, base, deltas, derived } = record;
  const [window, changes, state] = [base, deltas, derived].map((part) => Buffer.from(part).toString());
  return { offset, window, changes, state, interests: (await store.readInterests(userId))?.toString() };
}

function textAt(offset: number, window: string, changes = '') {
  return { offset, window, changes, state: `derived ${offset}`, interests: `interests ${offset} 茶` };
}

/** The contract of every InterestsStore. @param open opens an empty store */
export function storeContract(open: () => Promise<InterestsStore>): void {
  it('a store shows the first bytes of what is derived of each of many users, and is not asked for their windows', async () => {
    const store = await open();
    const long = { ...whole(ANN, 1), derived: bytes('d'.repeat(1_000)) };
    await store.write(HOME, [long, whole(BOB, 2)], {});
    const [ann, bob, nobody] = await store.peek(HOME, [ANN, BOB, 'nobody']);
    assert.ok(ann!.length >= 128);
    assert.equal(Buffer.from(ann!).toString(), 'd'.repeat(ann!.length));
    assert.equal(Buffer.from(bob!).toString(), 'derived 2');
    assert.equal(nobody, undefined);
  });

  it('a store has nothing of a user who was never written', async () => {
    const store = await open();
    assert.deepEqual(await store.read(HOME, [ANN, BOB]), [undefined, undefined]);
    assert.deepEqual(await store.read(HOME, []), []);
    assert.deepEqual(await store.peek(HOME, [ANN, BOB]), [undefined, undefined]);
    assert.deepEqual(await store.peek(HOME, []), []);
    assert.equal(await store.readInterests(ANN), undefined);
    assert.equal(await store.readHead(HOME), undefined);
    assert.deepEqual(await listUsers(store, HOME), []);
  });

  it('records of several users are written and read together, equal in every bit', async () => {
    const store = await open();
    const odd = { ...whole(BOB, 6), window: { base: Uint8Array.of(0, 255, 128, 10, 13) } };
    assert.deepEqual(await store.write(HOME, [whole(ANN, 5), odd], {}), ['written', 'written']);
    const [bob, nobody, ann] = await store.read(HOME, [BOB, 'nobody', ANN]);
    assert.equal(nobody, undefined);
    assert.deepEqual(Buffer.from(bob!.base), Buffer.from([0, 255, 128, 10, 13]));
    assert.equal(ann!.offset, 5);
    assert.deepEqual(await textOf(store, ANN), textAt(5, 'window 5'));
  });

  it('the changes of a window follow it in their order, until it is written whole', async () => {
    const store = await open();
    await store.write(HOME, [whole(ANN, 5)], {});
    assert.deepEqual(await store.write(HOME, [appended(ANN, 5, 7)], {}), ['written']);
    assert.deepEqual(await store.write(HOME, [appended(ANN, 7, 8)], {}), ['written']);
    assert.deepEqual(await textOf(store, ANN), textAt(8, 'window 5', '+7+8'));
    assert.deepEqual(await store.write(HOME, [whole(ANN, 9)], {}), ['written']);
    assert.deepEqual(await textOf(store, ANN), textAt(9, 'window 9'));
  });

  it('a change is not appended to a record at a different offset, nor to none', async () => {
    const store = await open();
    const to = { offset: 9, streamTime: START };
    assert.deepEqual(await store.write(HOME, [appended(ANN, -1, 7)], { to }), ['elsewhere']);
    assert.equal(await textOf(store, ANN), undefined);
    await store.write(HOME, [whole(ANN, 5)], {});
    const both = [appended(ANN, 4, 7), whole(BOB, 6)];
    assert.deepEqual(await store.write(HOME, both, { to }), ['elsewhere', 'written']);
    assert.deepEqual(await textOf(store, ANN), textAt(5, 'window 5'));
    assert.equal(await store.readHead(HOME), undefined, 'the head waits for all records');
    assert.deepEqual(await listUsers(store, HOME).then((users) => users.sort()), [ANN, BOB].sort());
  });

  it('a repeated or stale write changes nothing', async () => {
    const store = await open();
    await store.write(HOME, [whole(ANN, 5)], {});
    const kept = await textOf(store, ANN);
    for (const stale of [whole(ANN, 5, 'other'), whole(ANN, 4), appended(ANN, 3, 5), appended(ANN, 5, 5)])
      assert.deepEqual(await store.write(HOME, [stale], {}), ['included']);
    assert.deepEqual(await textOf(store, ANN), kept);
    assert.deepEqual(await store.write(HOME, [whole(ANN, 6)], {}), ['written']);
    assert.equal((await textOf(store, ANN))?.offset, 6);
  });

  it('rederive writes only at the same offset, and leaves the window as it is', async () => {
    const store = await open();
    const rederive = (offset: number) => store.rederive(HOME, { userId: ANN, offset }, derivedOf('again'));
    assert.equal(await rederive(5), false, 'there is no record');
    await store.write(HOME, [whole(ANN, 5)], {});
    await store.write(HOME, [appended(ANN, 5, 7)], {});
    assert.equal(await rederive(6), false);
    assert.equal(await rederive(8), false);
    assert.equal(await rederive(7), true);
    const again = { state: 'derived again', interests: 'interests again 茶' };
    assert.deepEqual(await textOf(store, ANN), { ...textAt(7, 'window 5', '+7'), ...again });
  });

  it('a store lists each user of a partition once, however many there are', async () => {
    const store = await open();
    const ids = Array.from({ length: 1_200 }, (_, i) => `user ${i}`);
    const writes = ids.map((id, i) => whole(id, i));
    const outcomes = await store.write(HOME, writes, { to: { offset: 1_200, streamTime: START } });
    assert.deepEqual(new Set(outcomes), new Set(['written']));
    assert.equal((await store.readHead(HOME))?.offset, 1_200);
    await store.write(partitionOf(FAR), [whole(FAR, 1)], {});
    assert.deepEqual(new Set(await listUsers(store, HOME)), new Set(ids));
    const read = await store.read(HOME, ids);
    assert.deepEqual(
      read.map((record) => record?.offset),
      ids.map((_, i) => i),
    );
  });

  it('the head of each partition advances, keeps its topic, and never goes back', async () => {
    const store = await open();
    const advance = (partition: number, offset: number, streamTime: number) =>
      store.write(partition, [], { to: { offset, streamTime } });
    await store.writeHead(0, { offset: -1, topicId: 't1', incarnation: 'i' });
    await advance(0, 7, START);
    await advance(0, 7, START + 1);
    await advance(0, 6, START + 1);
    await advance(1, 1, START + DAY);
    const named = { topicId: 't1', incarnation: 'i' };
    assert.deepEqual(await store.readHead(0), { offset: 7, streamTime: START, ...named });
    const nameless = { topicId: undefined, incarnation: undefined };
    assert.deepEqual(await store.readHead(1), { offset: 1, streamTime: START + DAY, ...nameless });
    await store.writeHead(0, { offset: undefined, topicId: undefined, incarnation: 'j' });
    const renamed = { topicId: 't1', incarnation: 'j' };
    assert.deepEqual(await store.readHead(0), { offset: 7, streamTime: START, ...renamed });
  });

  it('nothing is written while the head includes less than the writer knows, or is of another incarnation', async () => {
    const store = await open();
    const to = { offset: 6, streamTime: START };
    const refused = async (work: Promise<unknown>): Promise<void> => assert.rejects(work, StateLost);
    const at = (offset: number, incarnation: string | undefined = 'i') => ({ offset, incarnation });
    await refused(store.write(HOME, [whole(ANN, 5)], { held: at(4), to }));
    await refused(store.write(HOME, [], { held: at(4), to }));
    await store.writeHead(HOME, { offset: 3, topicId: 't1', incarnation: 'i' });
    await refused(store.write(HOME, [whole(ANN, 5)], { held: at(4), to }));
    assert.equal(await textOf(store, ANN), undefined);
    assert.equal((await store.readHead(HOME))?.offset, 3);
    await store.write(HOME, [whole(ANN, 5)], { held: at(3), to });
    assert.equal((await store.readHead(HOME))?.offset, 6);
    const outcomes = await store.write(HOME, [whole(ANN, 7)], { held: at(3) });
    assert.deepEqual(outcomes, ['written'], 'a newer head is no loss');
    const next = { offset: 9, streamTime: START };
    await refused(store.write(HOME, [whole(ANN, 8)], { held: at(6, 'of a copy'), to: next }));
    await refused(store.write(HOME, [], { held: at(6, 'of a copy'), to: next }));
    assert.equal((await textOf(store, ANN))?.offset, 7);
    assert.equal((await store.readHead(HOME))?.offset, 6);
    const unnamed = { offset: 6, incarnation: undefined };
    assert.deepEqual(await store.write(HOME, [whole(ANN, 8)], { held: unnamed, to: next }), ['written']);
  });

  it('clear deletes the records, the list of users and the head of one partition', async () => {
    const store = await open();
    await store.writeHead(HOME, { offset: -1, topicId: 't1', incarnation: 'i' });
    await store.write(HOME, [whole(ANN, 5)], {});
    await store.write(partitionOf(FAR), [whole(FAR, 5)], {});
    await store.clear(HOME);
    assert.equal(await store.readHead(HOME), undefined);
    assert.deepEqual(await listUsers(store, HOME), []);
    assert.equal(await textOf(store, ANN), undefined);
    assert.equal((await textOf(store, FAR))?.offset, 5);
  });
}
