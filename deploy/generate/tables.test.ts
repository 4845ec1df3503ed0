import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choice, list, number, secret, text } from '#platform/config.ts';
import { counter, gauge } from '#platform/observability/declared-metrics.ts';
import { metricsTable, settingsTable, withGenerated } from './tables.ts';

describe('settingsTable', () => {
  it('settingsTable has a row with default, accepted values and meaning for each variable', () => {
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

  it('settingsTable distinguishes an empty default from a variable that must be set, and escapes bars', () => {
    const settings = {
      hosts: list('HOSTS', { fallback: [], summary: 'a|b' }),
      name: text('NAME', { summary: 'a name' }),
    };
    assert.match(settingsTable(settings), /^\| `HOSTS` \| empty \| .* \| A\\\|b \|$/m);
    assert.match(settingsTable(settings), /^\| `NAME` \| none: it must be set \|/m);
  });

  it('settingsTable names the variable of the file beside that of a secret', () => {
    const table = settingsTable({ key: secret('KEY', { summary: 'a key' }) });
    assert.match(table, /^\| `KEY` or `KEY_FILE` \| none: it must be set \| a non-empty text \| A key \|$/m);
  });
});

it('metricsTable has a row with kind, labels and meaning for each metric', () => {
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

describe('withGenerated', () => {
  const document =
    'Before\n<!-- generated:a -->\nold\n<!-- /generated -->\nbetween\n<!-- generated:b -->\n<!-- /generated -->\n';

  it('replaces the text between the markers of that name and no other text', () => {
    const once = withGenerated(withGenerated(document, 'b', 'second') ?? '', 'a', 'first\nlines') ?? '';
    assert.equal(
      once,
      'Before\n<!-- generated:a -->\nfirst\nlines\n<!-- /generated -->\nbetween\n<!-- generated:b -->\nsecond\n<!-- /generated -->\n',
    );
    assert.equal(withGenerated(once, 'a', 'first\nlines'), once);
  });

  it('returns undefined if the document lacks one of the markers', () => {
    assert.equal(withGenerated(document, 'c', ''), undefined);
    assert.equal(withGenerated('<!-- generated:a -->\n', 'a', ''), undefined);
  });
});
