import assert from 'node:assert/strict';
import { beforeEach, describe, it, mock } from 'node:test';
import { type ModelProposal, modelNamesOf } from '#contracts/domain/proposed-lists.ts';
import { interests } from './interests.testing.ts';
import { JoinedLists } from './joined-lists.ts';
import type { Asked } from './waiting-users.ts';

describe('the lists of a pass', () => {
  let records: string[] = [];
  beforeEach(() => {
    records = [];
  });

  const publish = async (record: Parameters<typeof modelNamesOf>[0] & { userId: string }) =>
    void records.push(`${record.userId}: ${modelNamesOf(record)}`);
  const asked = (userId: string): Asked => ({
    interests: interests({ userId }),
    offset: 0,
    timestamp: 0,
    trace: undefined,
  });
  const listOf = (userId: string, model: string): ModelProposal => ({
    ...{ interestsOffset: -1, interestsAt: 0 },
    ...{ userId, model, generation: null, explanation: '', version: 1, receivedAt: 1, recent: [], items: [] },
  });
  const deliver = (lists: JoinedLists, model: string, userId: string, isEmpty = false) =>
    lists.deliver(model, asked(userId), isEmpty ? undefined : listOf(userId, model));

  it('the lists of a user are one record, in the order of the models', async () => {
    const lists = new JoinedLists(['a', 'b'], publish);
    const delivered = [deliver(lists, 'b', 'u1'), deliver(lists, 'b', 'u2')];
    assert.deepEqual(records, []);
    await Promise.all([...delivered, deliver(lists, 'a', 'u2'), deliver(lists, 'a', 'u1')]);
    assert.deepEqual(records, ['u2: a,b', 'u1: a,b']);
  });

  it('a model without a list for a user, or one that has ended, is not waited for', async () => {
    const lists = new JoinedLists(['a', 'b', 'c'], publish);
    const delivered = [deliver(lists, 'a', 'u1'), deliver(lists, 'a', 'u2')];
    await deliver(lists, 'b', 'u1', true);
    lists.leave('c');
    assert.deepEqual(records, ['u1: a']);
    lists.leave('b');
    await Promise.all(delivered);
    assert.deepEqual(records, ['u1: a', 'u2: a']);
  });

  it('a user of whom no model has a list gets no record', async () => {
    const lists = new JoinedLists(['a', 'b'], publish);
    await Promise.all([deliver(lists, 'a', 'u1', true), deliver(lists, 'b', 'u1', true)]);
    assert.deepEqual(records, []);
  });

  it('a late model holds up the others once, and its lists follow as records of their own', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const lists = new JoinedLists(['a', 'b'], publish, 50);
    const first = deliver(lists, 'a', 'u1');
    mock.timers.tick(49);
    assert.deepEqual(records, []);
    mock.timers.tick(1);
    await first;
    await deliver(lists, 'a', 'u2');
    await deliver(lists, 'b', 'u1');
    assert.deepEqual(records, ['u1: a', 'u2: a', 'u1: b']);
    mock.timers.reset();
  });

  it('each model of a record that the log refuses gets the error', async () => {
    const lists = new JoinedLists(['a', 'b'], async () => {
      throw new Error('no broker');
    });
    const delivered = [deliver(lists, 'a', 'u1'), deliver(lists, 'b', 'u1')];
    for (const one of delivered) await assert.rejects(one, /no broker/);
  });
});
