import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { anAction } from '#contracts/domain/records.testing.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { CATALOG, type TopicName } from './catalog.ts';
import { parseCondition } from './filter.ts';
import { partitionOfKey } from './partitioner.ts';
import type { Position } from './positions.ts';
import { type TailOptions, tailTopic } from './tail.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';

const BEGINNING: Position = { at: 'beginning' };

/** A full minute within the last hour: retention would remove older messages. */
const T0 = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;

describe('tail', () => {
  let test: TestNamespace;
  let clock = T0;

  const nextTimestamp = () => {
    clock += 1_000;
    return String(clock);
  };

  const produceAction = (change: Partial<RecordTypes['UserAction']>) => {
    const action = anAction(change);
    const value = test.encode('UserAction', action);
    return test.produce('actions', { key: action.userId, value, timestamp: nextTimestamp() });
  };

  async function tail(topic: TopicName, from: Position, options: Partial<TailOptions> = {}) {
    const lines: string[] = [];
    const write = (text: string) => lines.push(...text.trimEnd().split('\n'));
    const result = await tailTopic({ ...test, topic, from, write, ...options });
    return { ...result, lines };
  }

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    await produceAction({ eventId: 'e1', userId: 'ann', itemId: 'tea', value: 2 });
    await produceAction({ eventId: 'e2', userId: 'bob', itemId: 'jam', type: 'view', contextId: 'basket' });
    await produceAction({ eventId: 'e3', userId: 'ann', itemId: 'cup', type: 'view' });
    await test.produce('actions', { key: 'bob', value: 'hello', timestamp: nextTimestamp() });
    await test.produce('items', { key: 'tea', value: null });
  });

  after(() => test.close());

  it('shows time, offset, key and record, with the last messages of each partition in the order of time', async () => {
    const { lines, shown, undecodable } = await tail('actions', { at: 'last', count: 5 });
    assert.equal(shown, 4);
    assert.equal(undecodable, 1);
    const pattern = /^\S{10}T\S{5}:0(\d)\.000Z (\d):(\d) (ann|bob) │ (.*)$/;
    const parts = lines.map((line) => pattern.exec(line) ?? assert.fail(line));
    assert.deepEqual(
      parts.map(([, second]) => second),
      ['1', '2', '3', '4'],
    );
    assert.match(parts[0]![5]!, /^buy tea ×2 by ann at 2026-03-01T12:00:00.000Z event e1$/);
    assert.match(parts[1]![5]!, /^view jam in basket by bob /);
  });

  it('shows the reason and the bytes of an undecodable message, and continues', async () => {
    const { lines } = await tail('actions', BEGINNING, { key: 'bob' });
    assert.match(lines[1]!, /│ undecodable \(decode\.magic\): .* 5 bytes \[68 65 6c 6c 6f\]$/);
  });

  it('shows a tombstone as a tombstone', async () => {
    const { lines } = await tail('items', BEGINNING);
    assert.match(lines.join(), / tea │ tombstone/);
  });

  it('restricts the output to a key, to conditions, to a partition, and to a number of messages', async () => {
    const keys = async (options: Partial<TailOptions>) =>
      (await tail('actions', BEGINNING, options)).lines.length;
    assert.equal(await keys({ key: 'ann' }), 2);
    assert.equal(await keys({ key: 'nobody' }), 0);
    assert.equal(await keys({ conditions: [parseCondition('type=view')] }), 2);
    assert.equal(await keys({ conditions: [parseCondition('type=view'), parseCondition('userId=ann')] }), 1);
    assert.equal(await keys({ limit: 2 }), 2);
    const [ann, other] = await Promise.all([
      tail('actions', BEGINNING, { key: 'ann' }),
      tail('actions', BEGINNING, { key: 'ann', partition: 0 }),
    ]);
    const partition = Number(/ (\d):/.exec(ann.lines[0]!)![1]);
    assert.equal(other.lines.length, partition === 0 ? 2 : 0);
  });

  it('prints one JSON object a line that contains the whole message', async () => {
    const { lines } = await tail('actions', { at: 'time', timestamp: T0 + 4_000 }, { json: true });
    const { error, offset, partition, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual(rest, {
      topic: 'actions',
      timestamp: T0 + 4_000,
      key: 'bob',
      headers: {},
      bytes: Buffer.from('hello').toString('base64'),
    });
    assert.equal((error as { code: string }).code, 'decode.magic');
    assert.equal(typeof partition, 'number');
    assert.equal(offset, 1);
    const decoded = await tail('actions', BEGINNING, { json: true, limit: 1, key: 'ann' });
    assert.deepEqual(
      (JSON.parse(decoded.lines[0]!) as { value: unknown }).value,
      anAction({ eventId: 'e1', userId: 'ann', itemId: 'tea', value: 2 }),
    );
  });

  it('follows new messages after the last ones, without a gap or a duplicate', async () => {
    const abort = new AbortController();
    const events: string[] = [];
    await tail(
      'actions',
      { at: 'last', count: 1 },
      {
        follow: true,
        key: 'ann',
        json: true,
        signal: abort.signal,
        write: async (text) => {
          const { value } = JSON.parse(text) as { value: RecordTypes['UserAction'] };
          events.push(value.eventId);
          if (events.length === 3) abort.abort();
          else await produceAction({ eventId: `later-${events.length}`, userId: 'ann' });
        },
      },
    );
    assert.deepEqual(events, ['e3', 'later-1', 'later-2']);
  });

  it('explains a dead letter: its message, whether it decodes now, and how to requeue it', async () => {
    const letter = {
      sourceTopic: 'actions',
      partition: 3,
      offset: 1042,
      key: Buffer.from('ann'),
      value: test.encode('UserAction', anAction({ userId: 'ann', itemId: 'i1' })),
      headers: {},
      stage: 'interests',
      code: 'decode.schema-unknown',
      reason: 'no schema 7',
      failedAt: T0,
      messageBytes: null,
    };
    const broken = { ...letter, value: Buffer.from('oops'), code: 'decode.magic' };
    for (const value of [letter, broken]) {
      await test.produce('dead-letters', { key: 'actions', value: test.encode('DeadLetter', value) });
    }
    const { lines } = await tail('dead-letters', BEGINNING);
    assert.match(
      lines[0]!,
      /│ from actions 3:1042, rejected by interests .*: decode\.schema-unknown: no schema 7$/,
    );
    assert.match(lines[1]!, /^ {4}message {2}key ann, \d+ bytes \[00 /);
    assert.match(lines[2]!, /^ {4}reads as buy i1 by ann /);
    assert.match(lines[3]!, /^ {4}requeue {2}npm run topics -- requeue --offset 0$/);
    assert.match(lines[6]!, /^ {4}no UserAction: /);
  });

  it('fails if the registry is unreachable, instead of calling good messages undecodable', async () => {
    const { createRegistry } = await import('#contracts/registry.ts');
    const { createTopicCodec } = await import('./topic-codec.ts');
    const registry = createRegistry({ url: 'http://127.0.0.1:9/', attempts: 1 });
    const codec = createTopicCodec(registry, test.namespace);
    await assert.rejects(tail('actions', BEGINNING, { codec }), { code: 'registry.unavailable' });
  });

  it('finds the messages of a key in partitions to which they do not belong, and says so', async () => {
    const value = test.encode('UserAction', anAction({ eventId: 'strayed', userId: 'zoe' }));
    const own = partitionOfKey('zoe', CATALOG.actions.partitions);
    const other = (own + 1) % CATALOG.actions.partitions;
    for (const partition of [own, other])
      await test.produce('actions', { key: 'zoe', value, partition, timestamp: nextTimestamp() });
    const { lines } = await tail('actions', BEGINNING, { key: 'zoe' });
    assert.equal(lines.length, 2);
    const strayed = lines.find((line) => line.includes(` ${other}:`));
    assert.ok(strayed?.includes(`zoe (wrong partition: the key belongs to ${own}) │ buy`), strayed);
    const json = (await tail('actions', BEGINNING, { key: 'zoe', json: true })).lines.map(
      (line) => JSON.parse(line) as { partition: number; belongsTo?: number },
    );
    assert.deepEqual(json.map(({ partition, belongsTo }) => [partition, belongsTo]).sort(), [
      ...[
        [own, undefined],
        [other, own],
      ].sort(),
    ]);
  });
});
