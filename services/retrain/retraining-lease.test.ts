import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INTERRUPTED } from '#contracts/domain/release-ledger.ts';
import type { Release } from '#contracts/generated/records.ts';
import { aRetraining, NOW, trained } from './a-retraining.testing.ts';
import { TrainingLease } from './lease.ts';
import { someRelease } from './records.testing.ts';
import { type RetrainingPorts, retrain } from './retraining.ts';

describe('a retraining with a lease', () => {
  it('a training that a different process began before is rejected, and none of its embeddings is written', async () => {
    const { state, written, ports, shop } = aRetraining();
    shop();
    const lease = new TrainingLease({ releases: state.releases, leaseMs: 60_000, elapsed: () => 0 });
    const declare = (release: Release) => {
      state.releases.declare(release.generation, release);
      lease.hear(release.generation);
    };
    declare(someRelease('theirs', 'building'));
    const { publisher } = ports;
    const release = async (one: Release) => {
      await publisher.release(one);
      declare(one);
    };
    const training = retrain('ours', { ...ports, lease, publisher: { ...publisher, release } });
    await assert.rejects(training, /theirs is being trained/);
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.equal(state.releases.get('theirs')?.state, 'building');
    declare({ ...someRelease('theirs', 'ready'), follows: 0 });
    assert.equal(
      (await retrain('next', { ...ports, lease, publisher: { ...publisher, release } })).state,
      'ready',
    );
  });

  it('a stage that stops before the log has given the lease rejects the generation as interrupted', async () => {
    const { state, written, shop, ports } = aRetraining();
    shop();
    const lease = new TrainingLease({ releases: state.releases, leaseMs: 60_000, elapsed: () => 0 });
    const stopping = new AbortController();
    const training = retrain('ours', { ...ports, lease, signal: stopping.signal });
    stopping.abort();
    await assert.rejects(training, { name: 'AbortError' });
    assert.deepEqual(written.order, ['building', 'rejected']);
    assert.equal(written.releases.at(-1)?.reason, INTERRUPTED);
  });

  it('a training that was given up meanwhile publishes nothing', async () => {
    const { state, written, ports, shop } = aRetraining();
    shop();
    const lease = new TrainingLease({ releases: state.releases, leaseMs: 60_000, elapsed: () => 0 });
    const { publisher } = ports;
    const release = async (one: Release) => {
      await publisher.release(one);
      state.releases.declare(one.generation, one);
    };
    const train: RetrainingPorts['train'] = async (input) => {
      const [rejected] = state.releases.interrupted(NOW);
      state.releases.declare('ours', rejected!);
      return trained(input);
    };
    const training = retrain('ours', { ...ports, train, lease, publisher: { ...publisher, release } });
    await assert.rejects(training, /given up by a different process/);
    assert.deepEqual(written.order, ['building', 'rejected']);
  });

  it('rejects the generation as interrupted if the stage is stopped', async () => {
    const { written, shop, ports } = aRetraining();
    shop();
    const train = async () => AbortSignal.abort().throwIfAborted() as never;
    await assert.rejects(retrain('g1', { ...ports, train }), { name: 'AbortError' });
    assert.equal(written.releases.at(-1)?.reason, INTERRUPTED);
  });
});
