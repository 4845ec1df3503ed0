import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCodec } from '#contracts/codec.ts';
import { someInterests } from '#contracts/domain/records.testing.ts';
import { SCHEMAS } from '#contracts/generated/records.ts';
import { createMemoryRegistry } from '#contracts/memory-registry.ts';
import { ANYBODY, stamped } from './seeded-windows.ts';

async function encoder() {
  const registry = createMemoryRegistry();
  await registry.register('UserInterests', SCHEMAS.UserInterests);
  const codec = createCodec({ registry, subjectOf: (record) => record });
  await codec.prepare(['UserInterests']);
  return (userId: string) => codec.encode('UserInterests', someInterests({ userId }));
}

describe('records that a bench encodes once for many users', () => {
  it('a record that is stamped with the id of a user has the bytes of the encoded record', async () => {
    const encode = await encoder();
    const bytesFor = stamped(encode(ANYBODY));
    for (const userId of ['user-0', 'user-999999', 'ü', 'u'.repeat(63)])
      assert.deepEqual(bytesFor(userId), encode(userId));
  });

  it('an id whose length takes two bytes, and a record that names nobody, are refused', async () => {
    const encode = await encoder();
    assert.throws(() => stamped(encode(ANYBODY))('u'.repeat(64)), RangeError);
    assert.throws(() => stamped(encode('user-1')), /does not name the user once/);
  });
});
