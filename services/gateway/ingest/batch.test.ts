import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { ERROR_REMEDIES, TributaryError } from '#contracts/errors.ts';
import { acceptBatch, type EntryKind, readBatch, statusOf } from './batch.ts';
import { reject } from './validation.ts';

const OPTIONS = { log: pino({ level: 'silent' }), timeoutMs: 60_000 };

interface Entry {
  readonly eventId: string;
  readonly fate: 'good' | 'bad' | 'unacknowledged' | 'unanswered' | 'broken';
}

const KIND: EntryKind<Entry> = {
  validate: (entry) => {
    const record = entry as Entry;
    return record.fate === 'bad'
      ? reject({ code: 'field.invalid', field: 'fate', reason: 'is bad' })
      : { record };
  },
  identify: ({ eventId }) => ({ eventId }),
  async write({ fate }) {
    if (fate === 'unanswered') return new Promise<never>(() => undefined);
    if (fate === 'broken') throw new TypeError('a bug');
    if (fate === 'unacknowledged') {
      throw new TributaryError('kafka.unacknowledged', 'no answer', { retryable: true, status: 503 });
    }
    return { partition: 2, offset: 40 };
  },
};

const answer = (...fates: Entry['fate'][]) =>
  acceptBatch(
    fates.map((fate, index) => ({ eventId: `e${index}`, fate })),
    KIND,
    OPTIONS,
  );

describe('a batch', () => {
  it('each entry has a verdict of its own, in order', async () => {
    assert.deepEqual(await answer('good', 'bad', 'unacknowledged'), {
      accepted: 1,
      rejected: 2,
      results: [
        { index: 0, eventId: 'e0', status: 'accepted', partition: 2, offset: 40 },
        {
          index: 1,
          eventId: 'e1',
          status: 'rejected',
          error: {
            code: 'field.invalid',
            field: 'fate',
            reason: 'is bad',
            remedy: ERROR_REMEDIES['field.invalid'],
          },
        },
        {
          index: 2,
          eventId: 'e2',
          status: 'rejected',
          error: {
            code: 'kafka.unacknowledged',
            reason: 'Kafka did not confirm the write; send the entry again',
            remedy: ERROR_REMEDIES['kafka.unacknowledged'],
            retryable: true,
          },
        },
      ],
    });
  });

  it('the status shows whether the sender, Kafka or the gateway is at fault', async () => {
    assert.equal(statusOf(await answer('good', 'good')), 202);
    assert.equal(statusOf(await answer('good', 'bad')), 207);
    assert.equal(statusOf(await answer('good', 'unacknowledged')), 207);
    assert.equal(statusOf(await answer('bad', 'bad')), 400);
    assert.equal(statusOf(await answer('bad', 'unacknowledged')), 503);
    assert.equal(statusOf(await answer('broken')), 500);
  });

  it('an answer without an accepted entry carries the first error where every error stands', async () => {
    assert.equal((await answer('bad', 'bad')).error?.code, 'field.invalid');
    assert.equal((await answer('good', 'bad')).error, undefined);
  });

  it('an entry that Kafka does not confirm in time is rejected as unacknowledged', async () => {
    const entries = [
      { eventId: 'e0', fate: 'unanswered' },
      { eventId: 'e1', fate: 'good' },
    ];
    const late = await acceptBatch(entries, KIND, { ...OPTIONS, timeoutMs: 1 });
    assert.equal(statusOf(late), 207);
    const verdict = late.results[0];
    assert.ok(verdict?.status === 'rejected');
    assert.equal(verdict.error.code, 'kafka.unacknowledged');
    assert.equal(verdict.error.retryable, true);
  });

  it('an answer echoes an id only if it is a text', async () => {
    const { results } = await acceptBatch([{ eventId: 7, fate: 'bad' }], KIND, OPTIONS);
    assert.equal(results[0]?.eventId, undefined);
  });
});

describe('a body', () => {
  it('a body is one object or an array of 1 to 1,000', () => {
    assert.deepEqual(readBatch({ a: 1 }), [{ a: 1 }]);
    assert.equal(readBatch(Array(1_000).fill({})).length, 1_000);
    assert.throws(() => readBatch([]), { code: 'batch.empty', status: 400 });
    assert.throws(() => readBatch(Array(1_001).fill({})), { code: 'batch.too-large', status: 413 });
    for (const body of [undefined, null, 5, 'text', true]) {
      assert.throws(() => readBatch(body), { code: 'body.malformed', status: 400 });
    }
  });
});
