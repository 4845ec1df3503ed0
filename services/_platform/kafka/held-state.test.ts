import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareWithLog, requireContinuity, StateLost, type TopicFacts } from './held-state.ts';

const FACTS: TopicFacts = {
  head: { offset: 41, topicId: 'a', incarnation: 'i' },
  topicId: 'a',
  committed: 42,
  low: 0,
  high: 50,
};
const compare = (change: Partial<TopicFacts> = {}) => compareWithLog({ ...FACTS, ...change });

describe('compareWithLog', () => {
  it('state that includes what was committed continues at the commit', () => {
    assert.deepEqual(compare(), { kind: 'continue', position: 42 });
    assert.deepEqual(compare({ committed: 40 }), { kind: 'continue', position: 40 });
  });

  it('state that is older than the commit continues where it ends', () => {
    const head = { offset: 9, topicId: 'a', incarnation: 'i' };
    assert.deepEqual(compare({ head }), { kind: 'resume', position: 10 });
    assert.deepEqual(compare({ head, low: 20 }), { kind: 'resume', position: 20 });
    assert.deepEqual(compare({ handled: 45 }), { kind: 'resume', position: 42 }, 'not committed yet');
  });

  it('a group without a commit continues where the state ends', () => {
    assert.deepEqual(compare({ committed: undefined }), { kind: 'continue', position: 42 });
  });

  it('missing state is rebuilt if something was committed', () => {
    assert.deepEqual(compare({ head: undefined }), { kind: 'rebuild', cause: 'state-missing' });
    const uncommitted = { head: undefined, committed: undefined };
    assert.deepEqual(compare({ ...uncommitted, handled: 3 }), { kind: 'rebuild', cause: 'state-missing' });
    for (const committed of [undefined, 0])
      assert.deepEqual(compare({ head: undefined, committed }), { kind: 'continue', position: 0 });
    assert.deepEqual(compare({ head: undefined, committed: undefined, low: 7 }), {
      kind: 'continue',
      position: 7,
    });
  });

  it('state of a topic with another id is rebuilt, and state without an id is taken over', () => {
    assert.deepEqual(compare({ topicId: 'b' }), { kind: 'rebuild', cause: 'topic-anew' });
    assert.deepEqual(compare({ head: { offset: 41, topicId: undefined, incarnation: 'i' } }), {
      kind: 'continue',
      position: 42,
    });
    assert.deepEqual(compare({ topicId: undefined }), { kind: 'continue', position: 42 });
  });

  it('state of another incarnation than the process has continued is rebuilt', () => {
    assert.equal(compare({ known: 'i' }).kind, 'continue');
    assert.equal(compare({ known: undefined }).kind, 'continue', 'a process that has just joined');
    assert.deepEqual(compare({ known: 'j' }), { kind: 'rebuild', cause: 'state-replaced' });
    const nameless = { offset: 41, topicId: 'a', incarnation: undefined };
    assert.deepEqual(compare({ known: 'i', head: nameless }), { kind: 'rebuild', cause: 'state-replaced' });
    assert.equal(compare({ head: nameless }).kind, 'continue', 'state of a version without incarnations');
  });

  it('state that includes more than the log has is rebuilt', () => {
    assert.deepEqual(compare({ high: 41, topicId: undefined }), { kind: 'rebuild', cause: 'log-shorter' });
    assert.deepEqual(compare({ high: 42 }), { kind: 'continue', position: 42 });
  });
});

describe('requireContinuity', () => {
  it('only a gap between head and batch is a loss', () => {
    const at = (offset: number) => ({ offset, incarnation: 'i' });
    requireContinuity(undefined, { readFrom: 0 });
    requireContinuity(at(41), { readFrom: 42 });
    requireContinuity(at(41), { readFrom: 7 });
    requireContinuity(undefined, {});
    assert.throws(() => requireContinuity(at(40), { readFrom: 42 }), StateLost);
    assert.throws(
      () => requireContinuity(undefined, { readFrom: 42 }),
      /should include the offsets up to 41/,
    );
  });

  it('a batch continues only the state with which the log was compared', () => {
    const head = { offset: 41, incarnation: 'i' };
    requireContinuity(head, { readFrom: 42, incarnation: 'i' });
    for (const incarnation of ['j', undefined])
      assert.throws(
        () => requireContinuity({ ...head, incarnation }, { readFrom: 42, incarnation: 'i' }),
        (error) => error instanceof StateLost && /a copy has replaced it/.test(error.message),
      );
    assert.throws(() => requireContinuity(undefined, { incarnation: 'i' }), StateLost);
  });
});
