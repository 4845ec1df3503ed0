import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { partitionOfKey } from './partitioner.ts';

it('a key has the partition that Java clients compute', () => {
  // Hashes from the unit tests of the Java client.
  const hashes = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536 };
  for (const [key, hash] of Object.entries(hashes)) {
    assert.equal(partitionOfKey(key, 2 ** 31), hash & 0x7fffffff, key);
  }
});

it('a key has the partition that kafkajs computes', () => {
  const partitioner = Partitioners.DefaultPartitioner();
  const partition = { partitionErrorCode: 0, leader: 0, replicas: [0], isr: [0] };
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        ...partition,
        partitionId,
      }));
      const expected = partitioner({ topic: '', partitionMetadata, message: { key, value: null } });
      assert.equal(partitionOfKey(key, count), expected);
      assert.equal(partitionOfKey(Buffer.from(key), count), expected);
    }),
  );
});
