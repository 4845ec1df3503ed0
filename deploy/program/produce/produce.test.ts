import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction, anEmbedding, anItem, aProposal } from '#contracts/domain/records.testing.ts';
import { toJson } from '#topics/format.ts';
import { byteLines, MAX_LINE_BYTES } from './byte-lines.ts';
import { type LineMessage, messageOfLine } from './message-of-line.ts';
import { type ProducedLine, produceLines } from './produce-lines.ts';

const NOW = Date.parse('2026-03-01T12:00:10Z');

function verdict(
  line: unknown,
  topic?: 'actions' | 'items' | 'embeddings' | 'rewards',
): readonly [string, string] | LineMessage {
  const found = messageOfLine(typeof line === 'string' ? line : JSON.stringify(line), topic, NOW);
  return 'message' in found ? found.message : [found.fault.code, found.fault.field];
}

describe('a line of produce', () => {
  it('is a message as tail prints it, with its key, headers and time', () => {
    const action = anAction();
    const line = {
      topic: 'actions',
      partition: 3,
      offset: 9,
      timestamp: action.receivedAt,
      key: 'u1',
      headers: { a: '1' },
      value: action,
    };
    const message = verdict(line) as LineMessage;
    assert.deepEqual(
      [message.topic, message.key, message.headers.a!.toString(), message.timestamp],
      ['actions', 'u1', '1', action.receivedAt],
    );
    assert.deepEqual(message.value, action);
  });

  it('is an action or an item by itself, and what the gateway would fill in is filled in', () => {
    const message = verdict({ userId: 'u1', itemId: 'tea', type: 'view' }, 'actions') as LineMessage;
    const { eventId, ...value } = message.value as ReturnType<typeof anAction>;
    assert.ok(eventId.length > 10);
    assert.deepEqual(value, {
      userId: 'u1',
      itemId: 'tea',
      type: 'view',
      occurredAt: NOW,
      receivedAt: NOW,
      contextId: null,
      value: null,
      slateId: null,
      slot: null,
    });
    const item = verdict({ itemId: 'tea', title: 'Tea' }, 'items') as LineMessage;
    assert.equal(item.key, 'tea');
  });

  it('takes the key from the record: of an embedding its generation and item', () => {
    const value = toJson(anEmbedding(), { full: true });
    assert.equal((verdict({ topic: 'embeddings', value }) as LineMessage).key, 'g1/tea');
  });

  it('is rejected by the rules of the stages, with a code and the field at fault', () => {
    const action = anAction();
    const message = (change: object, more: object = {}) => ({
      topic: 'actions',
      value: { ...action, ...change },
      ...more,
    });
    const cases: ReadonlyArray<readonly [unknown, string, string]> = [
      ['{', 'body.malformed', ''],
      ['[]', 'body.malformed', ''],
      [{ userId: 'u1' }, 'field.missing', 'topic'],
      [{ topic: 'clicks', value: {} }, 'field.invalid', 'topic'],
      [
        { topic: 'actions', key: 'u1', error: { code: 'decode.magic' }, bytes: 'AA==' },
        'decode.bytes',
        'bytes',
      ],
      [message({ colour: 1 }), 'field.invalid', 'value.colour'],
      [message({ userId: '*' }), 'user.reserved', 'userId'],
      [message({ itemId: '' }), 'field.invalid', 'itemId'],
      [message({ occurredAt: NOW + 3_600_000 }), 'time.future', 'occurredAt'],
      [message({}, { key: 'other' }), 'message.key', 'key'],
      [message({}, { keyBytes: '/w==' }), 'message.key', 'keyBytes'],
      [message({}, { timestamp: 'now' }), 'field.invalid', 'timestamp'],
      [message({}, { headers: { a: 1 } }), 'field.invalid', 'headers'],
      [message({}, { colour: 1 }), 'field.invalid', 'colour'],
      [{ topic: 'actions', key: 'u1', value: null }, 'message.tombstone', 'value'],
      [{ topic: 'items', value: null, key: null }, 'message.key', 'key'],
      [{ topic: 'proposals', value: aProposal({ version: -7 }) }, 'number.invalid', 'version'],
    ];
    for (const [line, code, field] of cases)
      assert.deepEqual(verdict(line), [code, field], JSON.stringify(line));
    assert.deepEqual(verdict({ itemId: 'tea' }, 'actions'), ['field.missing', 'userId']);
  });

  it('is a tombstone in a topic that is compacted', () => {
    assert.equal((verdict({ topic: 'items', key: 'tea', value: null }) as LineMessage).value, null);
    assert.equal(
      (verdict({ topic: 'items', key: 'tea', value: toJson(anItem(), { full: true }) }) as LineMessage).key,
      'tea',
    );
  });
});

describe('the lines of a stream of bytes', () => {
  async function linesOf(...chunks: string[]): Promise<string[]> {
    const source = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
    })();
    const lines: string[] = [];
    for await (const line of byteLines(source)) lines.push(line.toString());
    return lines;
  }

  it('are the same wherever the chunks end, with or without a last newline', async () => {
    assert.deepEqual(await linesOf('a\nbé\n', 'c'), ['a', 'bé', 'c']);
    assert.deepEqual(await linesOf('a', '\nb', 'é\nc\n'), ['a', 'bé', 'c']);
    assert.deepEqual(await linesOf(), []);
  });

  it('count a line above the limit once, wherever the chunks end, and read the line behind it', async () => {
    const long = 'x'.repeat(MAX_LINE_BYTES / 2);
    for (const chunks of [
      [`a\n${long}`, long, 'xx', long, 'x\nb\n'],
      ['a\n', `${long}${long}x`, '\nb'],
      [`a\n${long}${long}xx\nb`],
    ]) {
      const lines = await linesOf(...chunks);
      assert.deepEqual([lines.length, lines[0], lines.at(-1)], [3, 'a', 'b']);
      assert.ok(lines[1]!.length > MAX_LINE_BYTES);
    }
    assert.equal((await linesOf(`${long}${long}xx`, long)).length, 1);
  });

  it('are rejected once each by produce, with the number of the line', async () => {
    const reported: ProducedLine[] = [];
    const source = (async function* () {
      yield Buffer.from(`nonsense\n${'x'.repeat(MAX_LINE_BYTES + 1)}`);
      yield Buffer.from('more\n{}\n');
    })();
    const counts = await produceLines({
      source,
      topic: 'actions',
      codec: {} as never,
      namespace: '',
      producer: undefined,
      now: () => NOW,
      report: (line) => void reported.push(line),
    });
    assert.deepEqual(counts, { written: 0, rejected: 3 });
    assert.deepEqual(
      reported.map(({ line, status }) => [line, status]),
      [1, 2, 3].map((line) => [line, 'rejected']),
    );
  });
});
