import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TributaryError } from '#contracts/errors.ts';
import { untilAcknowledged } from './until-acknowledged.ts';

const PAUSES = { first: 1, longest: 2 };
const unacknowledged = () => new TributaryError('kafka.unacknowledged', 'no answer', { retryable: true });

describe('a write of a handler', () => {
  it('is repeated until the brokers acknowledge it, and each repeat is told', async () => {
    const outcomes: Array<Error | number> = [unacknowledged(), unacknowledged(), 7];
    let repeats = 0;
    const written = await untilAcknowledged(
      async () => {
        const outcome = outcomes.shift()!;
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
      { signal: new AbortController().signal, onRepeat: () => void repeats++, pauseMs: PAUSES },
    );
    assert.deepEqual([written, repeats], [7, 2]);
  });

  it('is not repeated after an error that does not pass', async () => {
    let writes = 0;
    const tooLarge = new TributaryError('entry.too-large', 'a record of 2 MiB', { status: 413 });
    const write = async (): Promise<void> => {
      writes++;
      throw tooLarge;
    };
    const options = { signal: new AbortController().signal, onRepeat: () => undefined, pauseMs: PAUSES };
    await assert.rejects(untilAcknowledged(write, options), tooLarge);
    assert.equal(writes, 1);
  });

  it('is given up when the stage drains', async () => {
    const draining = new AbortController();
    let writes = 0;
    const write = async (): Promise<void> => {
      writes++;
      if (writes === 3) draining.abort();
      throw unacknowledged();
    };
    const options = { signal: draining.signal, onRepeat: () => undefined, pauseMs: PAUSES };
    await assert.rejects(untilAcknowledged(write, options), {
      code: 'kafka.unacknowledged',
      retryable: true,
    });
    assert.equal(writes, 3);
  });
});
