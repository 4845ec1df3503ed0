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

  it('may be left out where there is one', () => {
    const { shard, shards, shardUrls } = readIndexConfig({});
    assert.deepEqual({ shard, shards, shardUrls }, { shard: 0, shards: 1, shardUrls: [] });
  });

  it('must name a place among them', () => {
    assert.equal(read('2', '3').shard, 2);
    assert.throws(() => read('3', '3'), { code: 'config.invalid', message: /TRIBUTARY_INDEX_SHARD is 3/ });
  });

  it('tell the first, and only the first has to know, where all of them are', () => {
    assert.deepEqual(read('0', '2', 'http://a, http://b').shardUrls, ['http://a', 'http://b']);
    assert.throws(() => read('0', '2', 'http://a'), { code: 'config.invalid', message: /1 addresses of 2/ });
    assert.deepEqual(read('1', '2').shardUrls, []);
  });
});
