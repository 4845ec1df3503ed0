import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TopicName } from './catalog.ts';
import { checkFields } from './commands.ts';
import { matches, parseCondition, parseGrep, parseHeaderTest } from './filter.ts';

const slate = {
  slateId: 's=1',
  servedAt: Date.parse('2026-03-01T12:00:00Z'),
  generation: null,
  slots: [
    { itemId: '7', models: ['trending', 'medoid-neighbours'], because: { itemId: '5' }, propensity: 0.25 },
    { itemId: '8', models: ['trending'], because: null, propensity: 0.5 },
  ],
};

const holds = (...texts: string[]) => matches(slate, texts.map(parseCondition));

describe('a filter of tail', () => {
  it('compares a field with a text, a number, null or a time', () => {
    assert.ok(holds('slateId=s=1'));
    assert.ok(!holds('slateId=s=2'));
    assert.ok(holds('generation=null'));
    assert.ok(holds('nowhere=null'), 'an absent field is null');
    assert.ok(holds('slots.propensity=0.50'));
    assert.ok(holds('servedAt>2026-03-01T11:59Z', 'servedAt<=2026-03-01T12:00:00Z'));
    assert.ok(!holds('servedAt<2026-03-01'));
  });

  it('matches a list if any element matches, and a negation if no element matches', () => {
    assert.ok(holds('slots.itemId=8'));
    assert.ok(holds('slots.models=medoid-neighbours'));
    assert.ok(holds('slots.because.itemId=5'));
    assert.ok(!holds('slots.itemId!=8'));
    assert.ok(holds('slots.itemId!=9'));
    assert.ok(holds('slots.propensity>0.4'));
    assert.ok(!holds('slots.propensity>=0.6'));
  });

  it('supports regular expressions', () => {
    assert.ok(holds('slots.models~^medoid'));
    assert.ok(!holds('slots.models!~^medoid'));
    assert.ok(holds('slateId~^s.1$'));
  });

  it('requires all of several conditions to match', () => {
    assert.ok(holds('slots.itemId=7', 'slots.itemId=8'));
    assert.ok(!holds('slots.itemId=7', 'slots.itemId=9'));
    assert.ok(holds());
  });

  it('never orders texts with < or >', () => {
    assert.ok(!holds('slateId>0'));
    assert.ok(!holds('generation<1'));
  });

  it('rejects conditions of a wrong form', () => {
    for (const text of ['type', '=buy', 'reward>much', 'type~(', '']) {
      assert.throws(() => parseCondition(text), { code: 'topics.option' }, text);
    }
  });

  it('matches any text that a field may contain, and its negation matches the opposite', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (held, operand) => {
        // Space before the operand belongs to the syntax, not to the operand.
        const same = held === operand.trimStart();
        assert.equal(matches({ field: held }, [parseCondition(`field=${operand}`)]), same);
        assert.equal(matches({ field: held }, [parseCondition(`field!=${operand}`)]), !same);
        assert.ok(matches({ field: operand.trimStart() }, [parseCondition(`field=${operand}`)]));
      }),
    );
  });
});

describe('a filter on headers', () => {
  const headers = { traceparent: Buffer.from('00-4bf92f35-01'), 'x.source': Buffer.from('app') };
  const holdsFor = (text: string) => parseHeaderTest(text)(headers);

  it('demands a header, or a condition on its value', () => {
    assert.deepEqual(
      ['traceparent', 'other', 'traceparent~^00-4bf9', 'traceparent=x', 'x.source=app', 'other!=1'].map(
        holdsFor,
      ),
      [true, false, true, false, true, true],
    );
  });

  it('rejects a regular expression that is none, and names the option', () => {
    assert.throws(() => parseGrep('('), { code: 'topics.option', message: /--grep “\(”/ });
  });

  it('a field that a record does not have is an error with the probable one, however deep it stands', () => {
    const check = (topic: TopicName, text: string) => () => checkFields(topic, [parseCondition(text)]);
    for (const [topic, text, message] of [
      ['actions', 'tpye=buy', /UserAction has no field tpye; did you mean type\?/],
      ['slates', 'slots.itemid=7', /slots has no field itemid; did you mean itemId\?/],
      ['slates', 'slots.because.item=7', /slots\.because has no field item; .*itemId/],
      ['actions', 'userId.name=7', /userId has no fields, and so no name/],
    ] as const) {
      assert.throws(check(topic, text), { code: 'topics.option', message }, text);
    }
    for (const [topic, text] of [
      ['slates', 'slots.itemId=7'],
      ['slates', 'slots.because.itemId=7'],
      ['slates', 'slots.models~^medoid'],
      ['items', 'attributes.brand=Store'],
      ['interests', 'medoids.importance>1'],
    ] as const) {
      assert.doesNotThrow(check(topic, text), text);
    }
  });
});
