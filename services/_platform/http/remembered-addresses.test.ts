import assert from 'node:assert/strict';
import type { LookupOptions } from 'node:dns';
import { describe, it } from 'node:test';
import { rememberingLookup } from './remembered-addresses.ts';

type Found = (error: NodeJS.ErrnoException | null, address: string, family?: number) => void;

/** A name service whose answers the test gives. */
function nameService(patienceMs: number) {
  const asked: Array<{ hostname: string; answer: Found }> = [];
  const lookup = rememberingLookup(
    (hostname, _options, answer) => void asked.push({ hostname, answer: answer as Found }),
    patienceMs,
  );
  const find = (hostname: string, options: LookupOptions = {}) =>
    new Promise<string>((resolve, reject) =>
      lookup(hostname, options, (error, address) =>
        error === null ? resolve(String(address)) : reject(error),
      ),
    );
  const next = () => asked.shift()!;
  return { lookup, find, next, asked };
}

const fault = (code: string) => Object.assign(new Error(code), { code });

describe('remembered addresses', () => {
  it('are those of the last answer, and stand in when the name service does not answer, or says so', async () => {
    const { find, next } = nameService(5);
    for (const address of ['10.0.0.1', '10.0.0.2']) {
      const found = find('rerank');
      next().answer(null, address, 4);
      assert.equal(await found, address);
    }
    assert.equal(await find('rerank'), '10.0.0.2', 'there is no answer');
    next().answer(fault('EAI_AGAIN'), '');
    const refused = find('rerank');
    next().answer(fault('EAI_AGAIN'), '');
    assert.equal(await refused, '10.0.0.2');
  });

  it('are replaced by an answer that came too late', async () => {
    const { find, next } = nameService(5);
    const first = find('rerank');
    next().answer(null, '10.0.0.1', 4);
    await first;
    assert.equal(await find('rerank'), '10.0.0.1');
    next().answer(null, '10.0.0.2', 4);
    assert.equal(await find('rerank'), '10.0.0.2');
  });

  it('do not hide that a name is unknown, or was never found', async () => {
    const { find, next } = nameService(60_000);
    const never = find('rerank');
    next().answer(fault('EAI_AGAIN'), '');
    await assert.rejects(never, { code: 'EAI_AGAIN' });
    const known = find('rerank');
    next().answer(null, '10.0.0.1', 4);
    await known;
    const gone = find('rerank');
    next().answer(fault('ENOTFOUND'), '');
    await assert.rejects(gone, { code: 'ENOTFOUND' });
    const away = find('rerank');
    next().answer(fault('EAI_AGAIN'), '');
    await assert.rejects(away, { code: 'EAI_AGAIN' }, 'the address is forgotten');
  });

  it('are all addresses where all are asked for, as sockets do', async () => {
    const { lookup, next } = nameService(5);
    const find = () =>
      new Promise((resolve) => lookup('rerank', { all: true }, (...answered) => resolve(answered)));
    const both = [
      { address: '::1', family: 6 },
      { address: '10.0.0.1', family: 4 },
    ];
    const found = find();
    next().answer(null, both as never);
    assert.deepEqual(await found, [null, both]);
    assert.deepEqual(await find(), [null, both], 'there is no answer');
  });

  it('are asked for once for all who wait, and apart by name and by family', async () => {
    const { find, next, asked } = nameService(60_000);
    const both = [find('rerank'), find('rerank')];
    const others = [find('index'), find('rerank', { family: 6 })];
    assert.deepEqual(
      asked.map(({ hostname }) => hostname),
      ['rerank', 'index', 'rerank'],
    );
    next().answer(null, '10.0.0.1', 4);
    assert.deepEqual(await Promise.all(both), ['10.0.0.1', '10.0.0.1']);
    next().answer(null, '10.0.0.2', 4);
    next().answer(null, '::1', 6);
    assert.deepEqual(await Promise.all(others), ['10.0.0.2', '::1']);
  });
});
