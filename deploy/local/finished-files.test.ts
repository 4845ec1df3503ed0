import assert from 'node:assert/strict';
import { it } from 'node:test';
import finishedFiles from './finished-files.ts';

it('names the files whose summary arrived, and not the summary of all files', async () => {
  async function* events() {
    yield { type: 'test:pass', data: { file: '/lost.test.ts' } };
    yield { type: 'test:summary', data: { file: '/whole.test.ts' } };
    yield { type: 'test:summary', data: {} };
  }
  const lines: string[] = [];
  for await (const line of finishedFiles(events())) lines.push(line);
  assert.deepEqual(lines, ['/whole.test.ts\n']);
});
