import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileFailure } from './file-failure.ts';

test('a file that is missing or is a folder is named with the remedy, and other errors are not taken for those of a user', async () => {
  const reading = (path: string) => readFile(path).catch((error: unknown) => fileFailure(error)?.message);
  assert.equal(await reading('/nope.csv'), 'There is no file /nope.csv. Check the path.');
  assert.equal(
    fileFailure(Object.assign(new Error(), { code: 'EISDIR', path: '/tmp' }))?.message,
    '/tmp is a folder. Name a file in it.',
  );
  const mapping = Object.assign(new Error('Try {"userId":"who"}.'), { name: 'MappingError' });
  assert.equal(
    fileFailure(mapping)?.message,
    'Try {"userId":"who"}. deploy/data/README.md explains the formats and the mapping.',
  );
  assert.equal(fileFailure(new TypeError('a defect')), undefined);
});
