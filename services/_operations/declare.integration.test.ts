import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { aRelease } from '#contracts/domain/records.testing.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Experiment } from '#contracts/generated/records.ts';
import { readTopicsConfig } from '#topics/config.ts';
import { connectKafka } from '#topics/connection.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { declareAlone } from './declare.ts';
import { changeExperiment } from './experiments/change-experiment.ts';
import { decideStart, decideStop, parseArm } from './experiments/decide.ts';
import { type ExperimentLog, readExperiments } from './experiments/experiment-log.ts';
import { retire } from './releases/change-releases.ts';
import { readReleases } from './releases/release-log.ts';

const ARMS = ['control', 'new=greedy'].map(parseArm);

describe('decisions at the same moment', () => {
  let test: TestNamespace;
  /** As two processes see the log: a client each. */
  let [one, other]: ExperimentLog[] = [];

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    one = test;
    other = { ...test, kafka: connectKafka(readTopicsConfig(process.env).brokers) };
  });

  after(() => test.close());

  const start = (log: ExperimentLog, name: string): Promise<Experiment> =>
    changeExperiment(log, (book) => decideStart(book, { name, arms: ARMS }, () => undefined, Date.now()));
  const stop = (name: string) => changeExperiment(one!, (book) => decideStop(book, name, Date.now()));
  const running = async (log: ExperimentLog) =>
    (await readExperiments(log)).declared.filter(({ state }) => state === 'running').map(({ name }) => name);
  const codesOf = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
    outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [] : [(outcome.reason as TributaryError).code],
    );

  it('one process decides one after another, so that the second decision sees the first', async () => {
    const outcomes = await Promise.allSettled([start(one!, 'a'), start(one!, 'b')]);
    assert.deepEqual(codesOf(outcomes), ['experiment.refused']);
    assert.deepEqual(await running(one!), ['a']);
    await stop('a');
  });

  it('of two processes that start an experiment at once one is refused, and one experiment runs', async () => {
    const outcomes = await Promise.allSettled([start(one!, 'c'), start(other!, 'd')]);
    const [code, ...more] = codesOf(outcomes);
    assert.deepEqual(more, []);
    assert.ok(code === 'experiment.changed' || code === 'experiment.refused', code);
    const [name, ...others] = await running(one!);
    assert.deepEqual(others, []);
    await stop(name!);
  });

  it('a decision that a different process overtakes after its read writes nothing, and may be made again', async () => {
    const topic = test.topicOf('experiments');
    const slow = declareAlone({ kafka: one!.kafka, topic, overtaken: 'experiment.changed' }, async () => {
      await start(other!, 'e');
      return { messages: [{ key: 'f', value: Buffer.from('never in the log') }], result: undefined };
    });
    await assert.rejects(slow, (error: unknown) => {
      assert.ok(error instanceof TributaryError);
      assert.deepEqual([error.code, error.status, error.retryable], ['experiment.changed', 409, true]);
      assert.match(error.message, /^A different process decided about .*experiments at the same moment/);
      return true;
    });
    assert.deepEqual(await running(other!), ['e']);
    await stop('e');
    assert.equal((await start(one!, 'f')).state, 'running');
  });

  it('a decision that fails writes nothing, and holds up no later one', async () => {
    const topic = test.topicOf('experiments');
    const failing = declareAlone({ kafka: one!.kafka, topic, overtaken: 'experiment.changed' }, () =>
      Promise.reject(new Error('no registry')),
    );
    await assert.rejects(failing, /no registry/);
    assert.equal((await stop('f')).state, 'stopped');
  });

  it('of two processes that retire a generation at once one is refused', async () => {
    const release = aRelease({ generation: 'g1', state: 'ready' });
    await test.produce('releases', { key: 'g1', value: test.encode('Release', release) });
    const outcomes = await Promise.allSettled([retire(one!, 'g1'), retire(other!, 'g1')]);
    const [code, ...more] = codesOf(outcomes);
    assert.deepEqual(more, []);
    assert.ok(code === 'release.changed' || code === 'release.refused', code);
    assert.equal((await readReleases(test)).ledger.get('g1')?.state, 'retired');
  });
});
