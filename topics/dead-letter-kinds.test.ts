import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aDeadLetter } from '#contracts/domain/records.testing.ts';
import type { DeadLetter } from '#contracts/generated/records.ts';
import { kindsOf, kindToJson, renderKinds } from './dead-letter-kinds.ts';

const letters = (...changes: Array<Partial<DeadLetter>>) =>
  changes.map((change, offset) => ({ partition: 0, offset, letter: aDeadLetter(change) }));

describe('dead letters by kind', () => {
  const kinds = kindsOf(
    letters(
      { failedAt: 30, value: Buffer.alloc(9) },
      { failedAt: 10, value: Buffer.alloc(3) },
      { failedAt: 20, value: Buffer.alloc(5) },
      { code: 'time.future', reason: 'it lies ahead', messageBytes: 2_000_000 },
      { stage: 'feedback', value: null },
    ),
  );

  it('counts each topic, code and stage apart, the most frequent first, with the smallest example', () => {
    assert.deepEqual(
      kinds.map(({ code, stage, count, smallest }) => [code, stage, count, smallest.offset]),
      [
        ['decode.magic', 'interests', 3, 1],
        ['time.future', 'interests', 1, 3],
        ['decode.magic', 'feedback', 1, 4],
      ],
    );
    assert.deepEqual([kinds[0]!.first, kinds[0]!.last], [10, 30]);
  });

  it('prints the remedy of each kind, and how to send it back unless its letters are cut', () => {
    const text = renderKinds(kinds);
    assert.match(text, /smallest {2}dead-letters 0:1, key u1, 3 bytes \[00 00 00\]/);
    assert.match(text, /remedy {4}The bytes are not in the Confluent wire format/);
    assert.match(
      text,
      /requeue {3}npm run topics -- requeue --topic actions --code decode\.magic --stage interests/,
    );
    assert.match(text, /1 of 1 hold only the beginning/);
    assert.doesNotMatch(text, /--code time\.future/);
    assert.equal(renderKinds([]), 'There are no dead letters.');
  });

  it('describes a kind of another version as JSON, which has no remedy here', () => {
    const [kind] = kindsOf(letters({ code: 'of.tomorrow' }));
    assert.deepEqual(kindToJson(kind!), {
      topic: 'actions',
      code: 'of.tomorrow',
      stage: 'interests',
      count: 1,
      cut: 0,
      first: kind!.first,
      last: kind!.last,
      smallest: { partition: 0, offset: 0, key: 'u1', value: 'AQ==', reason: kind!.smallest.letter.reason },
    });
  });
});
