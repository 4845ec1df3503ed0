import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVERYONE, idFault, isEveryone, isId, MAX_ID_BYTES } from './ids.ts';

describe('isId', () => {
  it('counts the bytes of an id, not its characters', () => {
    assert.equal(isId('é'.repeat(MAX_ID_BYTES / 2)), true);
    assert.equal(isId(`${'é'.repeat(MAX_ID_BYTES / 2)}x`), false);
    assert.equal(isId('x'.repeat(MAX_ID_BYTES + 1)), false);
  });

  it('rejects the empty text as an id', () => {
    assert.equal(isId(''), false);
  });
});

describe('idFault', () => {
  it('accepts control characters, dots, slashes, names of properties, U+FFFD and unnormalised text', () => {
    for (const id of [
      '\0',
      'a\nb',
      '\u007f',
      '.',
      '..',
      'a/b',
      '%',
      '__proto__',
      'constructor',
      'e\u0301',
      ' ',
      '\ufeff',
      '\ufffd',
    ]) {
      assert.equal(idFault(id), undefined, JSON.stringify(id));
    }
  });

  it('states why a text is no id', () => {
    assert.equal(idFault('é'), undefined);
    assert.match(idFault('') ?? '', /^is empty$/);
    assert.match(idFault('é'.repeat(129)) ?? '', /^has 258 bytes; at most 256 are allowed$/);
    assert.match(idFault('a\ud800') ?? '', /well-formed/);
  });
});

describe('the user that stands for everyone', () => {
  it('tells the user * from every other user', () => {
    assert.equal(isEveryone(EVERYONE), true);
    assert.equal(isEveryone('**'), false);
  });
});
