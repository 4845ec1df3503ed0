import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { collect } from './dataset.ts';
import { openMovielens } from './movielens.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movielens-'));
  const ratings = [
    'user_id:token\titem_id:token\trating:float\ttimestamp:float',
    '196\t242\t3\t881250949',
    '22\t377\t1\t878887116',
    '6\t86\t5\t881250949',
  ];
  const films = [
    'item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq',
    "1\tToy Story\t1995\tAnimation Children's Comedy",
    '2\tMask, The\t1994\tComedy',
    '267\tunknown\t\t',
    '3\t"Quoted" film\t1990\tDrama',
  ];
  await writeFile(join(folder, 'ml-100k.inter'), `${ratings.join('\n')}\n`);
  await writeFile(join(folder, 'ml-100k.item'), `${films.join('\n')}\n`);
});

after(() => rm(folder, { recursive: true }));

test('ratings are sorted by time, equal times by their row, with ids from the row', async () => {
  const dataset = await openMovielens(folder);
  const actions = await collect(dataset.actions());
  assert.equal(dataset.actionCount, 3);
  assert.deepEqual(
    actions.map(({ eventId }) => eventId),
    ['ml-1', 'ml-0', 'ml-2'],
  );
  assert.deepEqual(actions[0], {
    eventId: 'ml-1',
    userId: '22',
    itemId: '377',
    type: 'rate',
    occurredAt: 878887116000,
    value: 1,
  });
  assert.deepEqual(await collect(dataset.actions(1, 2)), [actions[1]]);
});

test('films have a natural title with the year, and their genres as categories', async () => {
  const items = await collect((await openMovielens(folder)).items());
  assert.deepEqual(items[0], {
    itemId: '1',
    title: 'Toy Story (1995)',
    categories: ['Animation', "Children's", 'Comedy'],
    attributes: { year: '1995' },
  });
  assert.deepEqual(
    items.map(({ title }) => title),
    ['Toy Story (1995)', 'The Mask (1994)', 'unknown', '"Quoted" film (1990)'],
  );
  assert.deepEqual(items[2], { itemId: '267', title: 'unknown', categories: [], attributes: {} });
});
