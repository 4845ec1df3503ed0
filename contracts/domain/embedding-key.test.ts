import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { embeddingKey, parseEmbeddingKey } from './embedding-key.ts';

describe('the key of an embedding', () => {
  it('parses every embedding key back into its generation and its item', () => {
    const generation = fc.string().filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(generation, fc.string(), (name, itemId) => {
        const key = embeddingKey({ generation: name, itemId });
        assert.deepEqual(parseEmbeddingKey(key), { generation: name, itemId });
      }),
    );
    assert.deepEqual(parseEmbeddingKey('g1/2/left'), { generation: 'g1', itemId: '2/left' });
  });

  it('parses no text without a slash as an embedding key', () => {
    assert.equal(parseEmbeddingKey('g1'), undefined);
  });
});
