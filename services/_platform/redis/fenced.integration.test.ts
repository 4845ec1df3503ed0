import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openTestRedis, type TestRedis } from '../testing/redis.ts';
import { fenceField, replaceFenced, writeFenced } from './fenced.ts';
import { runScript } from './script.ts';

describe('a fenced record', () => {
  let test: TestRedis;

  before(async () => {
    test = await openTestRedis();
  });

  after(() => test.close());

  const at = (offset: number, source = 'actions') => ({ source, offset });
  const write = (name: string, offset: number, value: string, source?: string) =>
    writeFenced(test.redis, test.key(name), at(offset, source), { value });
  const replace = (name: string, offset: number, value: string) =>
    replaceFenced(test.redis, test.key(name), at(offset), { value });
  const read = (name: string) => test.redis.hgetall(test.key(name));

  it('a record accepts each write once, and no older one', async () => {
    assert.equal(await write('a', 5, 'five'), true);
    assert.equal(await write('a', 5, 'again'), false);
    assert.equal(await write('a', 4, 'older'), false);
    assert.deepEqual(await read('a'), { [fenceField('actions')]: '5', value: 'five' });
    assert.equal(await write('a', 10, 'ten'), true, 'offsets compare as numbers');
    assert.equal((await read('a')).value, 'ten');
  });

  it('a record keeps a fence for each source', async () => {
    await write('b', 9, 'from actions');
    assert.equal(await write('b', 2, 'from slates', 'slates'), true);
    assert.deepEqual(await read('b'), { '@actions': '9', '@slates': '2', value: 'from slates' });
  });

  it('a record is replaced only if it is still at the offset where the work began', async () => {
    assert.equal(await replace('c', 5, 'no record'), false);
    await write('c', 5, 'five');
    assert.equal(await replace('c', 4, 'from before'), false);
    assert.equal(await replace('c', 6, 'from after'), false);
    assert.equal(await replace('c', 5, 'anew'), true);
    assert.deepEqual(await read('c'), { '@actions': '5', value: 'anew' });
  });

  it('a record holds the newest value whatever the order of concurrent writes', async () => {
    const offsets = Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
    await Promise.all(offsets.map((offset) => write('d', offset, String(offset))));
    assert.deepEqual(await read('d'), { '@actions': '99', value: '99' });
  });

  it('bytes are stored unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await writeFenced(test.redis, test.key('e'), at(1), { bytes });
    assert.deepEqual(await test.redis.hgetBuffer(test.key('e'), 'bytes'), bytes);
  });

  it('writes succeed after the server has lost its scripts', async () => {
    await write('f', 1, 'one');
    await test.redis.script('FLUSH');
    assert.equal(await write('f', 2, 'two'), true);
  });

  it('a script takes more parameters than the stack of this process holds, also when it has to be loaded', async () => {
    const parameters = Array.from({ length: 400_000 }, (_, i) => i);
    for (const script of ['return #ARGV', 'return #ARGV + 0'])
      assert.equal(await runScript(test.redis, script, [], parameters), parameters.length);
  });

  it('an error in a script is thrown', async () => {
    await assert.rejects(
      runScript(test.redis, 'return redis.call("NONSENSE")', [], []),
      /NONSENSE|[Uu]nknown/,
    );
  });
});
