import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REDIS_START } from './redis.ts';

describe('the Redis of the manifests', () => {
  it('other pods may connect without a password, whatever the default of the image is', () => {
    assert.match(REDIS_START, /^protected-mode no$/m);
  });
});
