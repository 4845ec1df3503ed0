import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TributaryError } from '#contracts/errors.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createLogger } from './observability/logger.ts';

interface Observed {
  readonly lifecycle: Lifecycle;
  readonly exits: number[];
  /** Resolves with the first exit code. */
  readonly exited: Promise<number>;
}

function start(deadlineMs = 60_000): Observed {
  const exits: number[] = [];
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const exit = (code: number): void => {
    exits.push(code);
    resolve(code);
  };
  const lifecycle = createLifecycle({ log: createLogger('test', 'silent'), deadlineMs, exit });
  return { lifecycle, exits, exited };
}

describe('a stage', () => {
  it('a stage is starting, then ready, then draining, then stopped', async () => {
    const { lifecycle } = start();
    const seen: string[] = [lifecycle.state];
    lifecycle.markReady();
    seen.push(lifecycle.state);
    lifecycle.onStop('look', () => void seen.push(lifecycle.state));
    await lifecycle.stop('test');
    assert.deepEqual([...seen, lifecycle.state], ['starting', 'ready', 'draining', 'stopped']);
    lifecycle.markReady();
    assert.equal(lifecycle.state, 'stopped');
  });

  it('a stage drains once, however often it is stopped', async () => {
    const { lifecycle, exits } = start();
    let runs = 0;
    lifecycle.onStop('count', () => void runs++);
    await Promise.all([lifecycle.stop('SIGTERM'), lifecycle.stop('SIGINT'), lifecycle.stop('again')]);
    assert.equal(runs, 1);
    assert.deepEqual(exits, [0]);
  });

  it('shutdown steps run in reverse order, one after another', async () => {
    const { lifecycle } = start();
    const order: string[] = [];
    lifecycle.onStop('redis', () => void order.push('redis'));
    lifecycle.onStop('consumer', async () => {
      await new Promise(setImmediate);
      order.push('consumer');
    });
    assert.equal(lifecycle.signal.aborted, false);
    await lifecycle.stop('test');
    assert.deepEqual(order, ['consumer', 'redis']);
    assert.equal(lifecycle.signal.aborted, true);
  });

  it('if a shutdown step fails the other steps still run, and the stage exits with 1', async () => {
    const { lifecycle } = start();
    let closed = false;
    lifecycle.onStop('redis', () => {
      closed = true;
    });
    lifecycle.onStop('consumer', () => Promise.reject(new Error('no coordinator')));
    assert.equal(await lifecycle.stop('test'), 1);
    assert.equal(closed, true);
  });

  it('a stage exits at its deadline', async () => {
    const { lifecycle, exits } = start(1);
    lifecycle.onStop('stuck', () => new Promise<never>(() => undefined));
    assert.equal(await lifecycle.stop('test'), 1);
    assert.deepEqual(exits, [1]);
  });

  it('a stage drains and exits with 1 after an unexpected error', async () => {
    const { lifecycle, exited } = start();
    let drained = false;
    lifecycle.onStop('consumer', () => {
      drained = true;
    });
    lifecycle.fail(new TypeError('x is undefined'));
    assert.equal(await exited, 1);
    assert.equal(drained, true);
  });

  it('an unexpected error while draining exits with 1, a retryable one does not', async () => {
    const givenUp = new TributaryError('peer.unavailable', 'index does not answer', { retryable: true });
    for (const [error, code] of [
      [givenUp, 0],
      [new TypeError('x is undefined'), 1],
    ] as const) {
      const { lifecycle } = start();
      lifecycle.onStop('consumer', () => lifecycle.fail(error));
      assert.equal(await lifecycle.stop('SIGTERM'), code);
    }
  });
});
