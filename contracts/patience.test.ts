import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patiently } from './patience.ts';
import { RegistryRefused, RegistryUnavailable } from './registry.ts';

/** A preparation that fails so often, and a clock that only pauses move. */
function world(failures: readonly Error[]) {
  let clock = 0;
  let attempts = 0;
  const waited: string[] = [];
  return {
    attempts: () => attempts,
    waited,
    run: (patienceMs: number) =>
      patiently(
        async () => {
          const failure = failures[attempts++];
          if (failure !== undefined) throw failure;
          return 'prepared';
        },
        {
          patienceMs,
          onWait: ({ code }) => void waited.push(code),
          now: () => clock,
          pause: async (ms) => {
            clock += ms;
          },
        },
      ),
  };
}

const down = new RegistryUnavailable('down');
const missing = new RegistryRefused('registry.not-registered', 'no subject');

describe('patiently', () => {
  it('waits for the registry and then for its schemas, and says so once', async () => {
    const { run, attempts, waited } = world([down, down, missing]);
    assert.equal(await run(10_000), 'prepared');
    assert.equal(attempts(), 4);
    assert.deepEqual(waited, ['registry.unavailable']);
  });

  it('throws the last failure when the patience has ended, and tries once without patience', async () => {
    const impatient = world([down, down, down, down]);
    await assert.rejects(impatient.run(2_000), down);
    assert.equal(impatient.attempts(), 3);
    const hasty = world([missing]);
    await assert.rejects(hasty.run(0), missing);
    assert.deepEqual(hasty.waited, []);
  });

  it('does not wait for what time does not mend', async () => {
    const refused = new RegistryRefused('registry.refused', 'no');
    await assert.rejects(world([refused]).run(10_000), refused);
  });
});
