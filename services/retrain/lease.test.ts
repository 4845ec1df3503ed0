import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INTERRUPTED, ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { Release } from '#contracts/generated/records.ts';
import { TrainingLease } from './lease.ts';
import { someRelease } from './records.testing.ts';

/** Processes that read one log; each has a clock of its own. */
class Process {
  readonly releases = new ReleaseLedger();
  elapsed = 0;
  readonly lease = new TrainingLease({
    releases: this.releases,
    leaseMs: 1_000,
    elapsed: () => this.elapsed,
  });

  read(...log: Release[]): void {
    for (const release of log) {
      this.releases.declare(release.generation, release);
      this.lease.hear(release.generation);
    }
  }

  left(): string[] {
    return this.releases.interrupted(9, this.lease.isLeft).map(({ generation }) => generation);
  }
}

describe('the lease of a training', () => {
  const [a, b] = [someRelease('a', 'building'), someRelease('b', 'building')];

  it('of two trainings that begin at once, the first in the log has the lease in every process', () => {
    const [one, two] = [new Process(), new Process()];
    one.lease.own('b');
    two.lease.own('a');
    assert.equal(one.lease.isHeldBy('b'), undefined, 'its declaration was not read yet');
    for (const process of [one, two]) process.read(b, a);
    assert.equal(one.lease.isHeldBy('b'), true);
    assert.equal(two.lease.isHeldBy('a'), false);
    assert.equal(new Process().lease.holder(), undefined);
  });

  it('no process rejects what a different, live process builds, and a dead one loses the lease', () => {
    const [builder, other] = [new Process(), new Process()];
    builder.lease.own('a');
    for (const process of [builder, other]) process.read(a);
    for (let beat = 1; beat <= 5; beat++) {
      for (const process of [builder, other]) {
        process.elapsed += 600;
        process.read(TrainingLease.beat(a, beat));
      }
      assert.deepEqual([other.lease.holder(), other.left(), builder.left()], ['a', [], []]);
    }
    other.elapsed += 1_000;
    builder.elapsed += 1_000;
    assert.deepEqual([other.lease.holder(), other.left()], [undefined, ['a']]);
    assert.deepEqual(builder.left(), [], 'a process never rejects its own training as interrupted');
  });

  it('a process that was stopped and goes on learns that its training was given up', () => {
    const builder = new Process();
    builder.lease.own('a');
    builder.read(a);
    const [rejected] = builder.releases.interrupted(9);
    assert.equal(rejected?.reason, INTERRUPTED);
    builder.read(rejected!, TrainingLease.beat(a, 10));
    assert.equal(builder.lease.isHeldBy('a'), false);
    assert.equal(builder.lease.holder(), undefined);
  });

  it('a release that was found building at the start is given the time of a lease', () => {
    const process = new Process();
    process.elapsed = 5_000;
    process.read(a);
    assert.deepEqual([process.left(), process.lease.holder()], [[], 'a']);
    process.elapsed += 1_000;
    assert.deepEqual(process.left(), ['a']);
  });
});
