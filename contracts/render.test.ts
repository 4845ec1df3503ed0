import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { AvroRecord } from './avro.ts';
import { SCHEMAS } from './generated/records.ts';
import { renderRecords } from './render.ts';

const inner: AvroRecord = {
  type: 'record',
  name: 'Inner',
  doc: 'Inside.',
  fields: [{ name: 'n', type: 'int' }],
};
const outer: AvroRecord = {
  type: 'record',
  name: 'Outer',
  doc: 'Outside.',
  fields: [
    { name: 'state', type: { type: 'enum', name: 'StateOfPlay', symbols: ['on', 'off'] } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, doc: 'When.' },
    { name: 'inner', type: { type: 'array', items: ['null', inner] } },
    { name: 'extra', type: { type: 'map', values: 'bytes' }, default: {} },
  ],
};

describe('renderRecords', () => {
  it('interfaces, enums and their constants are rendered, inner types first', () => {
    const text = renderRecords([outer]);
    const expected = [
      'export type StateOfPlay = (typeof STATE_OF_PLAYS)[number];',
      "export const STATE_OF_PLAYS = ['on', 'off'] as const;",
      '/** Inside. */\nexport interface Inner {\n  readonly n: number;\n}',
      '/** Outside. */\nexport interface Outer {\n  readonly state: StateOfPlay;\n  /** When. */\n  readonly at: number;',
      '  readonly inner: readonly (Inner | null)[];\n  readonly extra: Readonly<Record<string, Buffer>>;\n}',
      'export interface RecordTypes {\n  readonly Outer: Outer;\n}',
    ];
    const places = expected.map((part) => text.indexOf(part));
    assert.deepEqual(
      places.filter((place) => place < 0),
      [],
      text,
    );
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });

  it('a type that several schemas share is rendered once, and two different types of one name are rejected', () => {
    const other: AvroRecord = { type: 'record', name: 'Other', fields: [{ name: 'inner', type: inner }] };
    assert.equal(renderRecords([outer, other]).split('export interface Inner').length, 2);
    const changed = { ...other, fields: [{ name: 'inner', type: { ...inner, fields: [] } }] };
    assert.throws(() => renderRecords([outer, changed]), /Two schemas define Inner differently/);
  });

  it('an unsupported schema is rejected', () => {
    const fixed = {
      type: 'record',
      name: 'R',
      fields: [{ name: 'f', type: { type: 'fixed', name: 'F', size: 2 } }],
    };
    assert.throws(() => renderRecords([fixed as unknown as AvroRecord]), /"fixed".* is not among the kinds/);
    const wide = { type: 'record', name: 'R', fields: [{ name: 'f', type: ['string', 'int'] }] };
    assert.throws(() => renderRecords([wide as unknown as AvroRecord]), /is not among the kinds/);
  });

  it('the committed file is the rendering of the committed schemas', () => {
    const committed = readFileSync(new URL('./generated/records.ts', import.meta.url), 'utf8');
    const byFileName = Object.values(SCHEMAS).toSorted((a, b) => (fileName(a) < fileName(b) ? -1 : 1));
    assert.equal(renderRecords(byFileName), committed);
    for (const schema of byFileName) {
      const file = new URL(`./schemas/${fileName(schema)}`, import.meta.url);
      assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), schema, 'run npm run generate');
    }
  });
});

/** UserAction → user-action.avsc */
function fileName({ name }: AvroRecord): string {
  return `${name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.avsc`;
}
