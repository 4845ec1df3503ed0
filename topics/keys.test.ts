import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { userKeyFault } from './keys.ts';
import { partitionOfKey } from './partitioner.ts';

const PARTITIONS = 6;

describe('the key of a message of a user', () => {
  const key = Buffer.from('ann');
  const own = partitionOfKey(key, PARTITIONS);

  it('is accepted in its own partition and in no other', () => {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const fault = userKeyFault(key, partition, PARTITIONS);
      assert.equal(fault?.code, partition === own ? undefined : 'partition.wrong');
      if (fault !== undefined) assert.match(fault.reason, new RegExp(`belongs to partition ${own} of 6`));
    }
  });

  it('is rejected if it is missing, empty, too long or not UTF-8, in whatever partition', () => {
    const cases = {
      'has no key': null,
      'no key': Buffer.alloc(0),
      'has 257 bytes': Buffer.alloc(257, 'k'),
      'not UTF-8': Buffer.from([0x41, 0xff]),
    };
    for (const [reason, bytes] of Object.entries(cases)) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const fault = userKeyFault(bytes, partition, PARTITIONS);
        assert.equal(fault?.code, 'message.key');
        assert.ok(fault.reason.includes(reason), fault.reason);
      }
    }
  });
});
