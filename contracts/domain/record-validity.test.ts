import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../fault.ts';
import { faultSentence } from '../fault.ts';
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

describe('interests in the log', () => {
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
