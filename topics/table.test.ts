import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderTable } from './table.ts';

it('a table is as wide as its cells, with texts aligned left and numbers right', () => {
  const rows = [
    { name: 'actions', count: 1_234_567, note: 'what users did' },
    { name: 'Œuvre', count: 3, note: '' },
  ];
  const text = renderTable(rows, [
    { title: 'TOPIC', value: ({ name }) => name },
    { title: 'MESSAGES', value: ({ count }) => count },
    { title: 'NOTE', value: ({ note }) => note },
  ]);
  assert.equal(
    text,
    ['TOPIC     MESSAGES  NOTE', 'actions  1,234,567  what users did', 'Œuvre            3'].join('\n'),
  );
});
