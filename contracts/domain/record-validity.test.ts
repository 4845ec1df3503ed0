import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../fault.ts';
import { faultSentence } from '../fault.ts';
import type { ModelList, Proposal, UserInterests } from '../generated/records.ts';
import type { Logged } from './logged.ts';
import { interestsFault, proposalFault, rewardFault, slateFault } from './record-validity.ts';
import {
  aCause,
  aMedoid,
  aProposal,
  aProposedItem,
  aReward,
  aSlate,
  aSlot,
  RECORDED_AT,
  someInterests,
} from './records.testing.ts';

function inLog<V extends { userId: string }>(value: V, change: Partial<Logged<V>> = {}): Logged<V> {
  return { value, key: value.userId, timestamp: RECORDED_AT, ...change };
}

function textOf(fault: Fault | undefined): string | undefined {
  return fault && `${fault.code}: ${faultSentence(fault)}`;
}

const HUGE = [1e200, -1e308, Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NaN];

describe('a proposal in the log', () => {
  it('is valid with any number within the bounds, the smallest included', () => {
    const items = [5e-324, -1e12, 1e12, 0].map((score) =>
      aProposedItem({ score, popularity: 1, because: aCause({ importance: 5e-324 }) }),
    );
    assert.equal(proposalFault(inLog(aProposal({ items }))), undefined);
  });

  it('is rejected for a huge number, wherever it is', () => {
    for (const number of HUGE) {
      for (const [field, item] of [
        ['score', aProposedItem({ score: number })],
        ['popularity', aProposedItem({ popularity: number })],
        ['because.importance', aProposedItem({ because: aCause({ importance: number }) })],
      ] as const) {
        const fault = proposalFault(inLog(aProposal({ items: [aProposedItem(), item] })));
        assert.deepEqual([fault?.code, fault?.field], ['number.invalid', `items[1].${field}`]);
      }
    }
  });

  it('is rejected under another key, with too many items, and with an id that is none', () => {
    assert.match(textOf(proposalFault(inLog(aProposal(), { key: 'u2' })))!, /^message.key/);
    const items = Array.from({ length: 10_001 }, () => aProposedItem());
    assert.match(textOf(proposalFault(inLog(aProposal({ items }))))!, /^list.limit: items has 10001 entries/);
    const empty = aProposal({ items: [aProposedItem({ itemId: '' })] });
    assert.equal(textOf(proposalFault(inLog(empty))), 'field.invalid: items[0].itemId is empty');
  });

  it('may be for everyone, with the version that depends on no user and no other', () => {
    assert.equal(proposalFault(inLog(aProposal({ userId: '*', version: -1 }))), undefined);
    assert.equal(proposalFault(inLog(aProposal({ userId: '*', version: 0 })))?.field, 'version');
    assert.equal(proposalFault(inLog(aProposal({ version: 1e15 })))?.field, 'version');
  });
});

describe('a proposal in columns', () => {
  const list = {
    model: 'a',
    generation: null,
    explanation: '',
    places: [1, 0],
    scores: [1, 0.5],
    causes: [],
    explanations: [],
    reasons: [],
  };
  const record = (change: Partial<Proposal> = {}, other: Partial<ModelList> = {}): Proposal =>
    aProposal({
      ...{ model: '', items: [], candidates: ['tea', 'rye'], popularity: [0, 1], causes: [aCause()] },
      lists: [list, { ...list, model: 'b', causes: [0, -1], ...other }],
      ...change,
    });
  const faultOf = (change: Partial<Proposal>, other?: Partial<ModelList>) =>
    textOf(proposalFault(inLog(record(change, other))));

  it('is valid with columns of the right lengths, also without popularity, causes and candidates', () => {
    assert.equal(faultOf({}), undefined);
    assert.equal(faultOf({ popularity: [] }), undefined);
    assert.equal(faultOf({}, { places: [], scores: [], causes: [] }), undefined);
    assert.equal(faultOf({ userId: '*', version: -1 }), undefined);
  });

  it('is rejected for a huge number, wherever it is', () => {
    for (const number of HUGE) {
      for (const [field, change, other] of [
        ['popularity[1]', { popularity: [0, number] }, {}],
        ['causes[0].importance', { causes: [aCause({ importance: number })] }, {}],
        ['lists[1].scores[1]', {}, { scores: [1, number] }],
        ['lists[1].places[0]', {}, { places: [number, 1] }],
        ['lists[1].causes[1]', {}, { causes: [0, number] }],
      ] as const) {
        const fault = proposalFault(inLog(record(change, other)));
        assert.deepEqual([fault?.code, fault?.field], ['number.invalid', field]);
      }
    }
  });

  it('is rejected for a position outside of its table, and for a column of another length', () => {
    assert.match(
      faultOf({}, { places: [0, 2] })!,
      /^number.invalid: lists\[1\].places\[1\] is 2; .* 0 to 1$/,
    );
    assert.match(faultOf({}, { places: [-1, 0] })!, /^number.invalid: lists\[1\].places\[0\]/);
    assert.match(faultOf({}, { causes: [1, -1] })!, /^number.invalid: lists\[1\].causes\[0\]/);
    assert.match(faultOf({}, { causes: [-2, -1] })!, /^number.invalid: lists\[1\].causes\[0\]/);
    assert.match(faultOf({}, { causes: [0] })!, /^field.invalid: lists\[1\].causes has 1 entries for 2/);
    assert.match(faultOf({}, { scores: [1] })!, /^field.invalid: lists\[1\].scores has 1 entries for 2/);
    assert.match(faultOf({ popularity: [1] })!, /^field.invalid: popularity has 1 entries for 2/);
  });

  it('is rejected for a second list of a model, for a model or items of its own, and for an id that is none', () => {
    assert.match(faultOf({}, { model: 'a' })!, /^field.invalid: lists\[1\].model is a a second time/);
    assert.match(faultOf({}, { reasons: [0] })!, /^field.invalid: lists\[1\].reasons has 1 entries for 2/);
    assert.match(faultOf({}, { reasons: [-1, 0] })!, /^number.invalid: lists\[1\].reasons\[1\] is 0/);
    assert.equal(faultOf({}, { explanations: ['popular'], reasons: [-1, 0] }), undefined);
    assert.match(faultOf({ model: 'c' })!, /^field.invalid: model is not empty/);
    assert.match(faultOf({ items: [aProposedItem()] })!, /^field.invalid: items is not empty/);
    assert.match(faultOf({ candidates: ['tea', ''] })!, /^field.invalid: candidates\[1\] is empty/);
    assert.match(textOf(proposalFault(inLog(record(), { key: 'u2' })))!, /^message.key/);
  });

  it('is rejected for more lists, candidates, causes or places than a stage handles at once', () => {
    const many = <T>(entry: T, count = 10_001): T[] => Array.from({ length: count }, () => entry);
    assert.match(faultOf({ candidates: many('tea') })!, /^list.limit: candidates/);
    assert.match(faultOf({ causes: many(aCause()) })!, /^list.limit: causes/);
    const lists = many(list, 33).map((one, index) => ({ ...one, model: `m${index}` }));
    assert.match(faultOf({ lists })!, /^list.limit: lists has 33 entries/);
    const long = { places: many(0, 9_999), scores: many(1, 9_999), causes: [] };
    assert.match(faultOf({}, long)!, /^list.limit: lists have 10001 places together/);
  });
});

describe('interests in the log', () => {
  it('are rejected for types and repeats that point beyond the recent items, and for intervals that are none', () => {
    const repeat = { place: 1, times: 2, span: 1_440, idle: 0 };
    const of = (change: Partial<UserInterests>) =>
      textOf(interestsFault(inLog(someInterests({ recent: ['tea', 'rye'], types: ['buy'], ...change }))));
    assert.equal(of({ recentTypes: [0, 0], repeats: [repeat] }), undefined);
    assert.match(of({ recentTypes: [0] })!, /^field.invalid: recentTypes has 1 entries for 2/);
    assert.match(of({ recentTypes: [0, 1] })!, /^number.invalid: recentTypes\[1\] is 1/);
    assert.match(of({ repeats: [{ ...repeat, place: 2 }] })!, /^number.invalid: repeats\[0\].place is 2/);
    assert.match(of({ repeats: [{ ...repeat, times: 1 }] })!, /^number.invalid: repeats\[0\].times is 1/);
    assert.match(of({ repeats: [{ ...repeat, span: 0 }] })!, /^number.invalid: repeats\[0\].span is 0/);
    assert.match(of({ repeats: [{ ...repeat, idle: -1 }] })!, /^number.invalid: repeats\[0\].idle is -1/);
  });

  it('are rejected for everyone, under another key, and with huge numbers', () => {
    assert.equal(interestsFault(inLog(someInterests())), undefined);
    assert.match(textOf(interestsFault(inLog(someInterests({ userId: '*' }))))!, /^user.reserved/);
    assert.match(textOf(interestsFault(inLog(someInterests(), { key: 'u2' })))!, /^message.key/);
    for (const importance of HUGE) {
      const fault = interestsFault(inLog(someInterests({ medoids: [aMedoid({ importance })] })));
      assert.equal(fault?.field, 'medoids[0].importance');
    }
  });
});

describe('a slate in the log', () => {
  it('is rejected for a time beyond the timestamp of its message', () => {
    assert.equal(slateFault(inLog(aSlate())), undefined);
    const ahead = aSlate({ servedAt: RECORDED_AT + 300_001 });
    assert.match(textOf(slateFault(inLog(ahead)))!, /^time.future: servedAt is 300 s ahead/);
  });

  it('is rejected for numbers that nothing can be learned from', () => {
    for (const number of HUGE) {
      const slots = [aSlot(), aSlot({ features: [1, number] })];
      assert.equal(slateFault(inLog(aSlate({ slots })))?.field, 'slots[1].features[1]');
    }
    for (const propensity of [0, -1, 1.1, Number.NaN])
      assert.equal(
        slateFault(inLog(aSlate({ slots: [aSlot({ propensity })] })))?.field,
        'slots[0].propensity',
      );
  });
});

describe('a reward in the log', () => {
  it('is rejected for huge numbers and for thousands of features', () => {
    assert.equal(rewardFault(aReward()), undefined);
    for (const number of HUGE) {
      assert.equal(rewardFault(aReward({ reward: number }))?.field, 'reward');
      assert.equal(rewardFault(aReward({ features: [0, number] }))?.field, 'features[1]');
    }
    assert.equal(rewardFault(aReward({ features: new Array<number>(5_000).fill(0) }))?.code, 'list.limit');
  });
});
