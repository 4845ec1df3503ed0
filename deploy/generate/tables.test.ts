import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choice, list, number, text } from '#platform/config.ts';
import { counter, gauge } from '#platform/observability/declared-metrics.ts';
import { metricsTable, settingsTable, withGenerated } from './tables.ts';

describe('the table of settings', () => {
  it('gives each variable its default, what it accepts and its meaning', () => {
    const settings = {
      size: number('SIZE', {
        fallback: 3,
        minimum: 1,
        maximum: 9,
        integer: true,
        unit: 'ms',
        summary: 'a size',
      }),
      colour: choice('COLOUR', ['red', 'blue'], { fallback: 'red', summary: 'a colour' }),
    };
    assert.equal(
      settingsTable(settings),
      [
        '| variable | default | accepts | meaning |',
        '|---|---|---|---|',
        '| `SIZE` | `3` | a whole number of ms from 1 to 9 | A size |',
        '| `COLOUR` | `red` | one of red, blue | A colour |',
      ].join('\n'),
    );
  });

  it('tells an empty default from a variable that must be set, and escapes bars', () => {
    const settings = {
      hosts: list('HOSTS', { fallback: [], summary: 'a|b' }),
      name: text('NAME', { summary: 'a name' }),
    };
    assert.match(settingsTable(settings), /^\| `HOSTS` \| empty \| .* \| A\\\|b \|$/m);
    assert.match(settingsTable(settings), /^\| `NAME` \| none: it must be set \|/m);
  });
});

it('the table of metrics gives each its kind, labels and meaning', () => {
  const metrics = {
    read: counter('read_total', { help: 'Messages read', labels: ['topic', 'outcome'] }),
    lag: gauge('lag', { help: 'Messages behind' }),
  };
  assert.equal(
    metricsTable(metrics),
    [
      '| metric | kind | labels | meaning |',
      '|---|---|---|---|',
      '| `read_total` | counter | `topic`, `outcome` | Messages read |',
      '| `lag` | gauge |  | Messages behind |',
    ].join('\n'),
  );
});

describe('a generated part of a document', () => {
  const document =
    'Before\n<!-- generated:a -->\nold\n<!-- /generated -->\nbetween\n<!-- generated:b -->\n<!-- /generated -->\n';

  it('is replaced between its own markers alone', () => {
    const once = withGenerated(withGenerated(document, 'b', 'second'), 'a', 'first\nlines');
    assert.equal(
      once,
      'Before\n<!-- generated:a -->\nfirst\nlines\n<!-- /generated -->\nbetween\n<!-- generated:b -->\nsecond\n<!-- /generated -->\n',
    );
    assert.equal(withGenerated(once, 'a', 'first\nlines'), once);
  });

  it('is refused where a marker is missing', () => {
    assert.throws(() => withGenerated(document, 'c', ''), /lacks <!-- generated:c -->/);
    assert.throws(() => withGenerated('<!-- generated:a -->\n', 'a', ''), /lacks/);
  });
});
