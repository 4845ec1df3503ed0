import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openCustom } from './custom.ts';
import { collect } from './dataset.ts';
import { MappingError, parseMapping } from './mapping.ts';
import { describeRejections } from './rejections.ts';

let folder: string;
const write = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custom-'));
});
after(() => rm(folder, { recursive: true }));

test('a CSV with the project’s own column names needs no mapping, and its actions are sorted by time', async () => {
  const actions = await write(
    'plain.csv',
    'userId,itemId,type,occurredAt,contextId,value\nu2,i1,BUY,2026-01-02T00:00:00Z,b1,2.5\n"u,1",i2,,1700000000000,,\n',
  );
  const dataset = await openCustom({ actions });
  assert.deepEqual(await collect(dataset.actions()), [
    { userId: 'u,1', itemId: 'i2', type: 'view', occurredAt: 1_700_000_000_000, eventId: 'plain.csv:3' },
    {
      userId: 'u2',
      itemId: 'i1',
      type: 'buy',
      occurredAt: Date.UTC(2026, 0, 2),
      eventId: 'plain.csv:2',
      contextId: 'b1',
      value: 2.5,
    },
  ]);
  assert.deepEqual(await collect(dataset.items()), []);
  assert.equal(describeRejections(dataset.rejections), '');
});

test('a mapping renames, translates, sets constants and reads seconds, nested JSON and lists', async () => {
  const actions = await write(
    'log.jsonl',
    '{"who":{"id":7},"sku":"s1","event":"purchase","at":1700000000.5}\n\n',
  );
  const items = await write(
    'goods.jsonl',
    '{"sku":"s1","name":"One","dept":["Food","Fruit"],"brand":"B","size":null}\n',
  );
  const mapping = await write(
    'mapping.json',
    JSON.stringify({
      actions: {
        userId: 'who.id',
        itemId: 'sku',
        type: { column: 'event', values: { purchase: 'buy' } },
        occurredAt: 'at',
        timeFormat: 's',
        contextId: { constant: 'shop' },
      },
      items: {
        itemId: 'sku',
        title: 'name',
        categories: { column: 'dept', separator: '|' },
        attributes: ['brand', 'size'],
      },
    }),
  );
  const dataset = await openCustom({ actions, items, mapping });
  assert.deepEqual(await collect(dataset.actions()), [
    {
      userId: '7',
      itemId: 's1',
      type: 'buy',
      occurredAt: 1_700_000_000_500,
      eventId: 'log.jsonl:1',
      contextId: 'shop',
    },
  ]);
  assert.deepEqual(await collect(dataset.items()), [
    { itemId: 's1', title: 'One', categories: ['Food', 'Fruit'], attributes: { brand: 'B' } },
  ]);
});

test('categories are read from several columns, or from one column that is split', async () => {
  const actions = await write('none.csv', 'userId,itemId,occurredAt\n');
  const items = await write(
    'items.csv',
    'itemId,title,dept,aisle,path\n1,One,Food,Fruit,Food>Fruit>Apples\n',
  );
  const categoriesBy = async (categories: unknown) => {
    const mapping = await write('categories.json', JSON.stringify({ items: { categories } }));
    const [item] = await collect((await openCustom({ actions, items, mapping })).items());
    return item?.categories;
  };
  assert.deepEqual(await categoriesBy(['dept', 'aisle']), ['Food', 'Fruit']);
  assert.deepEqual(await categoriesBy({ column: 'path', separator: '>' }), ['Food', 'Fruit', 'Apples']);
});

test('each invalid row is reported by file, line and field, and the valid rows are loaded', async () => {
  const actions = await write(
    'bad.csv',
    [
      'userId,itemId,type,occurredAt,value',
      ',i,buy,1,',
      'u,i,steal,1,',
      'u,i,buy,yesterday,',
      'u,i,buy,1700000000000,many',
      'u,i,buy,1700000000000,1,surplus',
      'u,i,buy,1700000000000,1',
    ].join('\n'),
  );
  const items = await write('bad.jsonl', '{"itemId":"i","title":"I"}\n{"itemId":\n{"title":"no id"}\n');
  const dataset = await openCustom({ actions, items });
  assert.equal(dataset.actionCount, 1);
  assert.equal((await collect(dataset.items())).length, 1);
  const { count, byField, examples } = dataset.rejections;
  assert.equal(count, 7);
  assert.deepEqual(byField, { userId: 1, type: 1, occurredAt: 1, value: 1, row: 2, itemId: 1 });
  assert.deepEqual(examples.map(({ file, line, field }) => `${file}:${line} ${field}`).toSorted(), [
    'bad.csv:2 userId',
    'bad.csv:3 type',
    'bad.csv:4 occurredAt',
    'bad.csv:5 value',
    'bad.csv:6 row',
    'bad.jsonl:2 row',
    'bad.jsonl:3 itemId',
  ]);
  assert.match(
    describeRejections(dataset.rejections),
    /^7 rows were left out .*\n(?:.*\n)*? {2}bad\.csv:2 userId: is missing\n/,
  );
});

test('an invalid mapping is reported with each of its faults', () => {
  assert.throws(() => parseMapping('{', 'm.json'), /m\.json is not JSON/);
  const faultsOf = (mapping: unknown): string => {
    try {
      parseMapping(JSON.stringify(mapping), 'm.json');
    } catch (error) {
      assert.ok(error instanceof MappingError);
      assert.doesNotMatch(error.message, /\/actions|schema|additional|must match|anyOf/);
      return error.message;
    }
    return '';
  };
  const two = faultsOf({ actions: { userid: 'u', timeFormat: 'days' } });
  assert.match(
    two,
    /^m\.json is not a valid mapping:\n {2}actions\.userid is no entry.*Did you mean userId\?/,
  );
  assert.match(two, /actions\.timeFormat must be one of "ms", .* not "days"\./);
  for (const [mapping, sentence] of [
    [[], /one JSON object/],
    [{ userId: 'who' }, /^.*userId is no entry of a mapping\. It belongs into “actions”/],
    [{ actions: 'x' }, /actions must be an object in braces, not "x"/],
    [{ actions: { userId: 5 } }, /actions\.userId must be the name of a column in quotes.*not 5\./],
    [{ actions: { type: { column: 't' } } }, /actions\.type\.values is missing/],
    [
      { actions: { type: { column: 't', values: { a: 'purchse' } } } },
      /translates into “purchse”, which is no type of action/,
    ],
    [{ actions: { type: { column: 't', values: { a: 'bu' } } } }, /Did you mean buy\?/],
    [
      { actions: { type: { column: 't', values: { a: 1 } } } },
      /actions\.type\.values\.a must be a text in quotes/,
    ],
    [
      { actions: { timeZone: 'Berlin' } },
      /timeZone must be "Z" for UTC, an offset .*"Europe\/Berlin", not "Berlin"/,
    ],
    [{ actions: { columns: [] } }, /actions\.columns is empty/],
    [{ items: { attributes: 'brand' } }, /items\.attributes must be a list in brackets/],
    [{ items: { attributes: { brand: 1 } } }, /items\.attributes\.brand must be the name of a column/],
    [{ items: { categories: { column: 'path' } } }, /form|separator/],
    [{ encoding: 'utf8' }, /encoding must be one of .* Did you mean utf-8\?/],
  ] as const) {
    assert.match(faultsOf(mapping), sentence, JSON.stringify(mapping));
  }
});

test('a missing file, and a file of an unknown kind, is reported in one error', async () => {
  await assert.rejects(
    openCustom({ actions: 'log.xlsx' }),
    /log\.xlsx must end in \.csv, \.jsonl or \.ndjson/,
  );
  for (const name of ['absent.csv', 'absent.jsonl']) {
    await assert.rejects(openCustom({ actions: join(folder, name) }), { code: 'ENOENT' });
  }
});
