import assert from 'node:assert/strict';
import { it } from 'node:test';
import { heldInterests } from './held-state.ts';
import { createMemoryStore } from './memory-store.testing.ts';

it('after a comparison with the log nothing is in memory, and users of a former generation are looked for', () => {
  const calls: string[] = [];
  const state = heldInterests({
    store: createMemoryStore(),
    processor: { forgetPartitions: () => void calls.push('forget') },
    refresher: { request: () => void calls.push('refresh') },
  });
  state.forget();
  assert.deepEqual(calls, ['forget', 'refresh']);
});
