import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type RowLists, RowListsBuilder, RowSet } from './row-lists.ts';

const GRAPH = { itemCount: 400, contextCount: 70_000 };
const rows = fc.record({
  items: fc
    .uniqueArray(fc.nat(GRAPH.itemCount - 1), { maxLength: 20 })
    .map((items) => Int32Array.from(items)),
  contexts: fc
    .uniqueArray(fc.nat(GRAPH.contextCount - 1), { maxLength: 20 })
    .map((contexts) => Int32Array.from(contexts)),
});
type Rows = { readonly items: Int32Array; readonly contexts: Int32Array };

function build(lists: readonly Rows[]): RowLists {
  const builder = new RowListsBuilder();
  for (const list of lists) builder.add(list);
  return builder.build();
}

describe('lists of rows', () => {
  it('a list meets a set exactly if they share a row', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 8 }), rows, (lists, some) => {
        const encoded = build(lists);
        const set = new RowSet(GRAPH);
        set.add(some);
        for (const [list, { items, contexts }] of lists.entries()) {
          const meets =
            items.some((item) => some.items.includes(item)) ||
            contexts.some((context) => some.contexts.includes(context));
          assert.equal(set.meets(encoded, list), meets);
        }
      }),
    );
  });

  it('lists are copied unchanged', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 8 }), (lists) => {
        const encoded = build(lists);
        const builder = new RowListsBuilder();
        for (const list of lists.keys()) builder.copy(encoded, list);
        assert.deepEqual(builder.build(), encoded);
      }),
    );
  });

  it('a list may be empty, and then meets nothing', () => {
    const builder = new RowListsBuilder();
    builder.addEmpty();
    const set = new RowSet(GRAPH);
    set.add({ items: Int32Array.of(0), contexts: Int32Array.of(0) });
    assert.equal(set.meets(builder.build(), 0), false);
  });
});
