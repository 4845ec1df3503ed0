import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const failWith = (thrown: string) =>
  new Promise<{ code: unknown; stderr: string }>((resolve) => {
    const script = `
      import { TributaryError } from '#contracts/errors.ts';
      import { exitWithFailure } from ${JSON.stringify(join(import.meta.dirname, 'failure.ts'))};
      exitWithFailure(${thrown});`;
    const cwd = join(import.meta.dirname, '..', '..');
    execFile(process.execPath, ['--input-type=module', '-e', script], { cwd }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });

describe('the failure of a command line', () => {
  it('is one sentence where a server does not answer, and a stack where it is a defect', async () => {
    const known = await failWith(
      "new TributaryError('registry.unavailable', 'The registry does not answer: start it.')",
    );
    assert.deepEqual([known.code, known.stderr], [1, '\nThe registry does not answer: start it.\n']);
    const defect = await failWith("new TypeError('x is undefined')");
    assert.match(defect.stderr, /TypeError: x is undefined\n\s+at /);
    assert.equal((await failWith("new TributaryError('registry.unavailable', 'Away.'), 4")).code, 4);
  });
});
