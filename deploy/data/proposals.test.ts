import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CustomFiles, openCustom } from './custom.ts';
import { collect } from './dataset.ts';
import type { Mapping } from './mapping.ts';
import { lookAtFiles, surveyFiles } from './survey.ts';
import { likelyType } from './synonyms.ts';
import { FileError } from './text-file.ts';

const NOW = Date.parse('2026-03-04T00:00:00Z');
const rows = (count: number, row: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => row(n)).join('\n');

describe('a mapping that is proposed for own files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'proposals-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function write(name: string, content: string | Buffer): Promise<string> {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  }
  async function refusalOf(files: CustomFiles, mapping: Mapping = {}): Promise<FileError> {
    const error = await surveyFiles(files, mapping, NOW).then(
      () => assert.fail('the files are read without a question'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof FileError);
    return error;
  }
  const proposalOf = async (...args: Parameters<typeof refusalOf>) =>
    (await refusalOf(...args)).proposal?.mapping;
  async function openWith(files: CustomFiles, mapping: Mapping | undefined) {
    const path = await write('proposed.json', JSON.stringify(mapping));
    return openCustom({ ...files, mapping: path }, { now: NOW });
  }

  it('names fields by the headings of other systems, and translates what people did', async () => {
    const deeds = ['bought', 'viewed', 'add to cart', 'like', 'hidden'];
    const actions = await write(
      'shop.csv',
      `when,who,what,basket,did,quantity,agent\n${rows(50, (n) => `2026-01-02T10:00:00Z,u${n},i${n % 7},b${n},${deeds[n % 5]},2,x`)}\n`,
    );
    const mapping = await proposalOf({ actions });
    assert.deepEqual(mapping, {
      actions: {
        userId: 'who',
        itemId: 'what',
        occurredAt: 'when',
        type: {
          column: 'did',
          values: { bought: 'buy', viewed: 'view', 'add to cart': 'save', like: 'save', hidden: 'hide' },
        },
        contextId: 'basket',
        value: 'quantity',
      },
    });
    const { message } = await refusalOf({ actions });
    assert.match(message, /Try a --mapping such as \{.*\}\. It leaves agent of shop\.csv unused\.$/);
    const dataset = await openWith({ actions }, mapping);
    const types = (await collect(dataset.actions())).map(({ type }) => type);
    assert.deepEqual([...new Set(types)].sort(), ['buy', 'hide', 'save', 'view']);
    assert.deepEqual(dataset.unused, ['shop.csv: columns that are not used: agent']);
  });

  it('reads a German spreadsheet: headings, dates, decimal commas and Windows-1252 in one proposal', async () => {
    const text = `Kunden-Nr.;Artikelnummer;Datum;Uhrzeit;Aktion;Bestellnr;Menge\n${rows(
      40,
      (n) =>
        `K${n % 9};Ä${n % 5};${String((n % 28) + 1).padStart(2, '0')}.02.2026;12:0${n % 10};${n % 2 ? 'gekauft' : 'angesehen'};B${n};1,5`,
    )}\n`;
    const actions = await write('verkauf.csv', Buffer.from(text, 'latin1'));
    const goods = `Artikelnummer;Bezeichnung;Warengruppe;Untergruppe;Marke;Preis;Bild-URL\nÄ1;Müsli;Essen;Getreide;Kölln;2,99;https://shop.example/1.jpg\n`;
    const items = await write('artikel.csv', Buffer.from(goods, 'latin1'));
    const { message, proposal } = await refusalOf({ actions, items });
    for (const part of [
      /verkauf\.csv:2 is not UTF-8/,
      /verkauf\.csv has no column for userId, itemId, occurredAt/,
      /artikel\.csv:2 is not UTF-8/,
      /artikel\.csv has no column for itemId, title/,
      /It leaves Untergruppe of artikel\.csv unused/,
    ]) {
      assert.match(message, part);
    }
    assert.deepEqual(proposal!.mapping, {
      encoding: 'windows-1252',
      actions: {
        userId: 'Kunden-Nr.',
        itemId: 'Artikelnummer',
        occurredAt: { columns: ['Datum', 'Uhrzeit'] },
        type: { column: 'Aktion', values: { gekauft: 'buy', angesehen: 'view' } },
        contextId: 'Bestellnr',
        value: 'Menge',
        timeFormat: 'day-first',
        timeZone: 'Z',
        decimal: ',',
      },
      items: {
        itemId: 'Artikelnummer',
        title: 'Bezeichnung',
        categories: ['Warengruppe'],
        picture: 'Bild-URL',
        attributes: ['Marke', 'Preis'],
      },
    });
    const dataset = await openWith({ actions, items }, proposal!.mapping);
    const [first] = await collect(dataset.actions());
    assert.deepEqual(
      [first!.itemId, first!.value, new Date(first!.occurredAt).toISOString()],
      ['Ä0', 1.5, '2026-02-01T12:00:00.000Z'],
    );
    const [item] = await collect(dataset.items());
    assert.deepEqual(item, {
      itemId: 'Ä1',
      title: 'Müsli',
      categories: ['Essen'],
      attributes: { Marke: 'Kölln', Preis: '2,99', image: 'https://shop.example/1.jpg' },
    });
  });

  it('finds the column of times and that of types by what they hold', async () => {
    const actions = await write(
      'content.jsonl',
      rows(30, (n) =>
        JSON.stringify({ user: { id: n }, sku: `s${n}`, x: 1_772_000_000_000 + n, y: 'PURCHASED' }),
      ),
    );
    assert.deepEqual(await proposalOf({ actions }), {
      actions: {
        userId: 'user.id',
        itemId: 'sku',
        occurredAt: 'x',
        type: { column: 'y', values: { PURCHASED: 'buy' } },
      },
    });
  });

  it('translates unknown types of a column that is read already, and names those that nobody can guess', async () => {
    const actions = await write(
      'types.csv',
      `userId,itemId,occurredAt,type\n${rows(30, (n) => `u,i${n},2026-01-02T10:00:00Z,${['buy', 'product_viewed', 'zz'][n % 3]}`)}\n`,
    );
    const { message, proposal } = await refusalOf({ actions });
    assert.match(message, /^types\.csv: type is none of view, .* in 20 of 30 rows: “product_viewed”, “zz”\./);
    assert.match(message, /Say also what “zz” means, or its rows are left out/);
    assert.deepEqual(proposal!.mapping, {
      actions: { type: { column: 'type', values: { product_viewed: 'view' } } },
    });
    const dataset = await openWith({ actions }, proposal!.mapping);
    assert.deepEqual([dataset.actionCount, dataset.rejections.byField.type], [20, 10]);
  });

  it('proposes a decimal comma where some numbers have one and none has a point', async () => {
    const heading = 'userId;itemId;occurredAt;value\n';
    const row = (value: string) => `u;i;2026-01-02T10:00:00Z;${value}\n`;
    const mixed = await write('comma.csv', `${heading}${row('1').repeat(20)}${row('1.250,5')}`);
    const { message, proposal } = await refusalOf({ actions: mixed });
    assert.match(message, /^comma\.csv: numbers of value have a decimal comma: set "decimal": ","\./);
    assert.deepEqual(proposal!.mapping, { actions: { decimal: ',' } });
    const values = (await collect((await openWith({ actions: mixed }, proposal!.mapping)).actions())).map(
      ({ value }) => value,
    );
    assert.deepEqual([values.length, Math.max(...values.map(Number))], [21, 1_250.5]);
    const both = await write('both.csv', `${heading}${row('1.5').repeat(20)}${row('1,5')}`);
    assert.deepEqual(await surveyFiles({ actions: both }, {}, NOW), []);
  });

  it('names types that nobody can guess also in a column that is only proposed', async () => {
    const actions = await write(
      'news.csv',
      `who,sku,when,event\n${rows(30, (n) => `u,i,2026-01-02T10:00:00Z,${n % 9 ? 'bought' : 'newsletter'}`)}\n`,
    );
    assert.match((await refusalOf({ actions })).message, /\nnews\.csv: Say also what “newsletter” means/);
  });

  it('asks about the order of day and month where the file does not show it', async () => {
    const heading = 'userId,itemId,occurredAt\n';
    const ambiguous = await write(
      'ambiguous.csv',
      `${heading}${rows(30, (n) => `u,i,0${(n % 9) + 1}/02/2025 10:00`)}`,
    );
    assert.match(
      (await refusalOf({ actions: ambiguous })).message,
      /Write month-first if the month stands before/,
    );
    const american = await write('american.csv', `${heading}${rows(30, (n) => `u,i,1/${n + 1}/26 1:05 PM`)}`);
    const mapping = await proposalOf({ actions: american });
    assert.deepEqual(mapping?.actions, { timeFormat: 'month-first', timeZone: 'Z' });
    const times = (await collect((await openWith({ actions: american }, mapping)).actions())).map(
      ({ occurredAt }) => new Date(occurredAt).toISOString(),
    );
    assert.deepEqual([times[0], times.at(-1)], ['2026-01-01T13:05:00.000Z', '2026-01-30T13:05:00.000Z']);
  });

  it('reads a zone with summer time', async () => {
    const heading = 'userId,itemId,occurredAt\n';
    const local = [
      '2025-03-29 12:00',
      '2025-03-30 01:30',
      '2025-03-30 03:30',
      '2025-10-26 02:30',
      '2025-10-26 12:00',
    ];
    const actions = await write('summer.csv', `${heading}${local.map((time) => `u,i,${time}`).join('\n')}`);
    const dataset = await openWith({ actions }, { actions: { timeZone: 'Europe/Berlin' } });
    const times = (await collect(dataset.actions())).map(({ occurredAt }) =>
      new Date(occurredAt).toISOString().slice(5, 16),
    );
    assert.deepEqual(times, ['03-29T11:00', '03-30T00:30', '03-30T01:30', '10-26T00:30', '10-26T11:00']);
  });

  it('names a column of the mapping that the file does not have, and the one that was probably meant', async () => {
    const actions = await write('near.csv', 'userId,itemId,occurredAt,basket\nu,i,2026-01-02T10:00:00Z,b\n');
    assert.match(
      (await refusalOf({ actions }, { actions: { contextId: 'bakset' } })).message,
      /The mapping reads actions\.contextId from the column “bakset”, which near\.csv does not have\. Did you mean “basket”\?/,
    );
  });

  it('only notes a column of JSON that later rows may have, and types that a given translation leaves out', async () => {
    const line = (n: number) =>
      JSON.stringify({
        userId: 'u',
        itemId: `i${n}`,
        occurredAt: '2026-01-02T10:00:00Z',
        did: n % 9 ? 'buy' : 'viewed',
      });
    const actions = await write('rare.jsonl', rows(30, line));
    const mapping: Mapping = { actions: { contextId: 'basket', type: { column: 'did', values: {} } } };
    const notes = await surveyFiles({ actions }, mapping, NOW);
    assert.match(
      notes.join('\n'),
      /contextId from the column “basket”, which none of the first 30 rows of rare\.jsonl has/,
    );
    assert.match(notes.join('\n'), /type is none of .* in 4 of 30 rows: “viewed”/);
    const dataset = await openWith({ actions }, mapping);
    assert.deepEqual([dataset.actionCount, dataset.rejections.byField.type], [26, 4]);
    assert.match(
      (await refusalOf({ actions }, { actions: { userId: 'usr' } })).message,
      /“usr”, which rare\.jsonl does not have/,
    );
  });

  it('says which columns stay unused, and what they look like, where the files need no mapping', async () => {
    const actions = await write(
      'own.csv',
      'userId,itemId,occurredAt,event,basket,zz\nu,i,2026-01-02T10:00:00Z,buy,b,1\n',
    );
    assert.deepEqual(await surveyFiles({ actions }, {}, NOW), [
      'own.csv: columns that are not used: event (looks like type), basket (looks like contextId), zz; a mapping can use them',
    ]);
    const { proposal, gaps, unused } = await lookAtFiles({ actions }, {}, NOW);
    assert.deepEqual([proposal, gaps], [{ actions: { type: 'event', contextId: 'basket' } }, []]);
    assert.deepEqual(unused, ['own.csv: columns that are not used: zz']);
  });

  it('renames attributes and finds pictures, and splits a path of categories', async () => {
    const actions = await write('none.csv', 'userId,itemId,occurredAt\n');
    const items = await write(
      'goods.csv',
      `sku,name,department,thumbnail,maker,notes\n${rows(3, (n) => `s${n},N${n},Food > Fruit,https://x.example/${n}.png,M,z`)}\n`,
    );
    const mapping = await proposalOf({ actions, items });
    assert.deepEqual(mapping, {
      items: {
        itemId: 'sku',
        title: 'name',
        categories: { column: 'department', separator: '>' },
        picture: 'thumbnail',
        attributes: ['maker'],
      },
    });
    const renamed = { items: { ...mapping!.items, attributes: { brand: 'maker', remark: 'notes' } } };
    const dataset = await openWith({ actions, items }, renamed);
    const [item] = await collect(dataset.items());
    assert.deepEqual(item!.attributes, { brand: 'M', remark: 'z', image: 'https://x.example/0.png' });
    assert.deepEqual(item!.categories, ['Food', 'Fruit']);
    assert.deepEqual(dataset.unused, []);
  });

  it('gives each file the encoding that it needs', async () => {
    const actions = await write('utf8.csv', 'userId,itemId,occurredAt\nAndré,i,2026-01-02T10:00:00Z\n');
    const items = await write('latin.csv', Buffer.from('itemId,title\ni,Müsli\n', 'latin1'));
    const mapping = await proposalOf({ actions, items });
    assert.deepEqual(mapping, { items: { encoding: 'windows-1252' } });
    const dataset = await openWith({ actions, items }, mapping);
    assert.equal((await collect(dataset.actions()))[0]!.userId, 'André');
    assert.equal((await collect(dataset.items()))[0]!.title, 'Müsli');
  });

  it('knows what people call the types of action', () => {
    for (const [text, type] of [
      ['bought', 'buy'],
      ['Viewed Product', 'view'],
      ['view_item', 'view'],
      ['ADD_TO_CART', 'save'],
      ['addToWishlist', 'save'],
      ['like', 'save'],
      ['In den Warenkorb', 'save'],
      ['Gekauft', 'buy'],
      ['Order Completed', 'buy'],
      ['Rückgabe', 'return'],
      ['not interested', 'hide'],
      ['remove_from_cart', undefined],
      ['login', undefined],
      ['', undefined],
    ] as const) {
      assert.equal(likelyType(text), type, text);
    }
  });
});
