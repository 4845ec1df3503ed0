import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render, takenOn } from './figures.ts';

test('figures are printed under their names, records in columns and lists of records as tables', () => {
  const figures = {
    share: 0.123456,
    speedup: { '50': 2, '500': 10.5 },
    rows: [
      { name: 'last item', recall: 0.1 },
      { name: 'Ward + medoid', recall: 12 },
    ],
  };
  assert.equal(
    render(figures),
    [
      'share',
      '  0.1235',
      'speedup',
      '  50      2',
      '  500  10.5',
      'rows',
      '  name           recall',
      '  last item         0.1',
      '  Ward + medoid      12',
    ].join('\n'),
  );
});

test('figures tell the commit, machine and Node they were taken on', () => {
  const { commit, machine, node, takenAt } = takenOn();
  assert.match(String(commit), /^([0-9a-f]{12}\+?|unknown)$/);
  assert.match(String(machine), /^\d+ × .+ GiB$/);
  assert.equal(node, process.version);
  assert.ok(!Number.isNaN(Date.parse(String(takenAt))));
});
