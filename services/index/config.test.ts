import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readIndexConfig } from './config.ts';

describe('the settings of a shard', () => {
  const read = (shard: string, shards: string, urls = '') =>
    readIndexConfig({
      TRIBUTARY_INDEX_SHARD: shard,
      TRIBUTARY_INDEX_SHARDS: shards,
      TRIBUTARY_INDEX_SHARD_URLS: urls,
    });

  it('the settings of shards may be left out where there is one process', () => {
    const { shard, shards, shardUrls } = readIndexConfig({});
    assert.deepEqual({ shard, shards, shardUrls }, { shard: 0, shards: 1, shardUrls: [] });
  });

  it('a shard must have a place below the number of shards', () => {
    assert.equal(read('2', '3').shard, 2);
    assert.throws(() => read('3', '3'), { code: 'config.invalid', message: /TRIBUTARY_INDEX_SHARD is 3/ });
  });

  it('the ordinal of a pod decides its shard, so that more pods than shards are replicas', () => {
    const shardOf = (ordinal: string) =>
      readIndexConfig({
        TRIBUTARY_INDEX_ORDINAL: ordinal,
        TRIBUTARY_INDEX_SHARDS: '2',
        TRIBUTARY_INDEX_SHARD_URLS: 'http://a,http://b',
      }).shard;
    assert.deepEqual(['0', '1', '2', '3'].map(shardOf), [0, 1, 0, 1]);
    assert.equal(readIndexConfig({ TRIBUTARY_INDEX_ORDINAL: '5' }).shard, 0, 'one shard, many replicas');
  });

  it('only shard 0 must be told the addresses of all shards', () => {
    assert.deepEqual(read('0', '2', 'http://a, http://b').shardUrls, ['http://a', 'http://b']);
    assert.throws(() => read('0', '2', 'http://a'), { code: 'config.invalid', message: /1 addresses of 2/ });
    assert.deepEqual(read('1', '2').shardUrls, []);
  });
});
