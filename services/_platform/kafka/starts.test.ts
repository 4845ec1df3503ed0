import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Logger } from 'pino';
import { changedHead, type Head, type HeldState } from './held-state.ts';
import { type KnownPartition, NOTHING_KNOWN, Starts } from './starts.ts';

const NAMES = ['first', 'second', 'third'];

/** Heads of one partition, which share an incarnation as they do in a Redis hash. */
function setUp(
  heads: Readonly<Record<string, Head>>,
  committed: number,
  { isAllOrNothing = false, onCleared = (_times: number): unknown => undefined } = {},
) {
  const held = new Map(Object.entries(heads));
  const cleared: number[] = [];
  const state: HeldState = {
    readHead: async (topic) => held.get(topic),
    async writeHead(topic, _partition, change) {
      const next = changedHead(held.get(topic), change);
      if (next !== undefined) held.set(topic, next);
    },
    async clear(partition) {
      cleared.push(partition);
      held.clear();
      onCleared(cleared.length);
    },
    isAllOrNothing,
    forget: () => undefined,
  };
  const topics = ['actions', 'slates'];
  let names = 0;
  const starts = new Starts({
    groupId: 'g',
    topics,
    state,
    admin: {
      fetchOffsets: async () =>
        topics.map((topic) => ({
          topic,
          partitions: [{ partition: 0, offset: String(committed), metadata: null }],
        })),
      fetchTopicOffsets: async () => [{ partition: 0, offset: '50', low: '0', high: '50' }],
    },
    topicIds: { read: async () => 't' },
    log: { warn: () => undefined } as unknown as Logger,
    newIncarnation: () => NAMES[names++]!,
    onRebuild: () => undefined,
  });
  const find = (known: KnownPartition = NOTHING_KNOWN) => starts.find(0, known, () => true);
  return { held, cleared, find };
}

const at = (offset: number, incarnation: string | undefined): Head => ({ offset, topicId: 't', incarnation });

describe('the start of a partition', () => {
  it('a state that begins is named, for all its topics', async () => {
    const { held, cleared, find } = setUp({}, -1);
    const start = await find();
    assert.deepEqual([start?.incarnation, start?.isRebuild], ['first', false]);
    assert.deepEqual(cleared, [0], 'the rest of an interrupted deletion');
    assert.deepEqual(
      held,
      new Map([
        ['actions', at(-1, 'first')],
        ['slates', at(-1, 'first')],
      ]),
    );
    assert.equal((await find())?.incarnation, 'first');
  });

  it('state of a version that wrote no incarnation is named and continued, without a rebuild', async () => {
    const { held, cleared, find } = setUp({ actions: at(41, undefined), slates: at(41, undefined) }, 42, {
      isAllOrNothing: true,
    });
    const start = await find();
    assert.deepEqual([start?.incarnation, start?.isRebuild, cleared], ['first', false, []]);
    assert.deepEqual(
      start?.positions,
      new Map([
        ['actions', 42],
        ['slates', 42],
      ]),
    );
    assert.deepEqual(
      held,
      new Map([
        ['actions', at(41, 'first')],
        ['slates', at(41, 'first')],
      ]),
    );
  });

  it('an older copy is continued under a new name, so that a second copy is not taken for it', async () => {
    const { held, cleared, find } = setUp({ actions: at(9, 'old'), slates: at(41, 'old') }, 42);
    const start = await find({ handled: new Map(), incarnation: 'old' });
    assert.deepEqual([start?.incarnation, start?.isRebuild, cleared], ['first', true, []]);
    assert.deepEqual(
      held,
      new Map([
        ['actions', at(9, 'first')],
        ['slates', at(41, 'first')],
      ]),
    );
  });

  it('a copy with a head as new as that of the process is cleared, because it has another name', async () => {
    const { held, cleared, find } = setUp({ actions: at(41, 'copy'), slates: at(41, 'copy') }, 20);
    const start = await find({ handled: new Map([['actions', 20]]), incarnation: 'mine' });
    assert.deepEqual([start?.incarnation, start?.isRebuild, cleared], ['first', true, [0]]);
    assert.deepEqual(
      start?.positions,
      new Map([
        ['actions', 0],
        ['slates', 0],
      ]),
    );
    assert.deepEqual(
      held,
      new Map([
        ['actions', at(-1, 'first')],
        ['slates', at(-1, 'first')],
      ]),
    );
  });

  it('a state is not begun where a copy was restored after it was cleared', async () => {
    const { held, cleared, find } = setUp({ actions: at(41, 'copy'), slates: at(41, 'copy') }, 20, {
      onCleared: (times) => times === 1 && held.set('actions', at(30, 'other copy')),
    });
    const start = await find({ handled: new Map(), incarnation: 'mine' });
    assert.deepEqual([start?.incarnation, cleared], ['second', [0, 0]]);
    assert.equal(held.get('actions')?.offset, -1);
  });

  it('a process that has just joined continues the state that it finds', async () => {
    const { cleared, find } = setUp({ actions: at(41, 'theirs'), slates: at(41, 'theirs') }, 42);
    assert.equal((await find())?.incarnation, 'theirs');
    assert.deepEqual(cleared, []);
  });
});
