import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Release } from '../generated/records.ts';
import { aRelease } from './records.testing.ts';
import { byAge, INTERRUPTED, ReleaseLedger } from './release-ledger.ts';

/** A ledger of these declarations, in log order. */
function releasesOf(...declared: readonly (readonly [string, Release['state']])[]): ReleaseLedger {
  return new ReleaseLedger(
    declared.map(([generation, state], i) => aRelease({ generation, state, createdAt: 10 + i })),
  );
}

describe('the active release', () => {
  it('returns the release that was declared active last', () => {
    assert.equal(releasesOf().active(), undefined);
    assert.equal(releasesOf(['g1', 'active'], ['g2', 'ready']).active()?.generation, 'g1');
    assert.equal(releasesOf(['g1', 'active'], ['g2', 'active']).active()?.generation, 'g2');
    assert.equal(
      releasesOf(['g2', 'active'], ['g1', 'active'], ['g2', 'rejected']).active()?.generation,
      'g1',
    );
  });

  it('returns the active release before, if the last one is rejected or tombstoned', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'active'], ['g2', 'rejected']);
    assert.equal(releases.active()?.generation, 'g1');
    releases.declare('g1', null);
    assert.equal(releases.active(), undefined);
  });

  it('chooses the active release among those that the reader can serve', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'active']);
    assert.equal(releases.active(({ generation }) => generation !== 'g2')?.generation, 'g1');
    assert.equal(
      releases.active(() => false),
      undefined,
    );
  });
});

describe('the release that takes over', () => {
  it('returns the newest ready release that is newer than the active one as the successor', () => {
    assert.equal(releasesOf(['g1', 'active']).successor(), undefined);
    assert.equal(releasesOf(['g2', 'active'], ['g1', 'ready']).successor(), undefined);
    const releases = releasesOf(['g4', 'ready'], ['g2', 'active'], ['g3', 'ready'], ['g5', 'building']);
    assert.equal(releases.successor()?.generation, 'g4');
    assert.equal(releases.successor(({ generation }) => generation < 'g4')?.generation, 'g3');
  });

  it('returns a ready release as the successor if none is active', () => {
    assert.equal(releasesOf(['g1', 'ready'], ['g2', 'retired']).successor()?.generation, 'g1');
  });

  it('supersedes every other release that is declared active', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'retired'], ['g3', 'active']);
    assert.deepEqual(
      releases.supersededBy('g3').map(({ generation }) => generation),
      ['g1'],
    );
  });
});

describe('the release to roll back to', () => {
  it('rolls back to the newest retired release that is older than the active one', () => {
    const releases = releasesOf(['g2', 'retired'], ['g1', 'retired'], ['g4', 'retired'], ['g3', 'active']);
    assert.equal(releases.former()?.generation, 'g2');
    assert.equal(releasesOf(['g1', 'retired']).former(), undefined);
  });
});

describe('a generation that is over', () => {
  it('treats a rejected or tombstoned generation as over until it is declared again', () => {
    const releases = releasesOf(['g1', 'rejected'], ['g2', 'retired'], ['g3', 'active']);
    releases.declare('g3', null);
    assert.deepEqual(
      ['g1', 'g2', 'g3', 'g4'].map((generation) => releases.isOver(generation)),
      [true, false, true, false],
    );
    releases.declare('g3', aRelease({ generation: 'g3', state: 'ready' }));
    assert.equal(releases.isOver('g3'), false);
    assert.equal(releases.get('g3')?.state, 'ready');
  });
});

describe('a release that was left building', () => {
  it('rejects the releases left building, and no others', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'building'], ['g3', 'ready']);
    assert.deepEqual(releases.interrupted(99), [
      aRelease({
        generation: 'g2',
        state: 'rejected',
        createdAt: 11,
        updatedAt: 99,
        reason: INTERRUPTED,
        follows: aRelease().updatedAt,
      }),
    ]);
  });
});

describe('what may leave the log', () => {
  const past = [
    ['g1', 'retired'],
    ['g2', 'retired'],
    ['g3', 'retired'],
  ] as const;

  it('disposes of retired releases beyond the newest that are kept', () => {
    assert.deepEqual(releasesOf(...past, ['g4', 'active']).disposable(2), ['g1']);
    assert.deepEqual(releasesOf(...past.toReversed(), ['g4', 'active']).disposable(1), ['g2', 'g1']);
    assert.deepEqual(releasesOf(...past).disposable(3), []);
  });

  it('disposes of rejected releases, however many are kept', () => {
    assert.deepEqual(releasesOf(['g1', 'rejected'], ['g2', 'active']).disposable(5), ['g1']);
  });

  it('disposes of a ready release that a newer one overtook', () => {
    const releases = releasesOf(['g1', 'ready'], ['g2', 'retired'], ['g3', 'active'], ['g4', 'ready']);
    assert.deepEqual(releases.disposable(1), ['g1']);
  });

  it('keeps releases that are active, building or about to be served', () => {
    assert.deepEqual(releasesOf(['g1', 'ready'], ['g2', 'building']).disposable(1), []);
    assert.deepEqual(releasesOf(['g1', 'active'], ['g2', 'ready'], ['g3', 'building']).disposable(1), []);
  });
});

describe('the releases of a ledger', () => {
  it('lists releases in the order in which they were last declared', () => {
    const releases = releasesOf(['g1', 'ready'], ['g2', 'ready'], ['g1', 'active']);
    assert.deepEqual(
      releases.declared.map(({ generation }) => generation),
      ['g2', 'g1'],
    );
    assert.deepEqual(
      releases.declared.toSorted(byAge).map(({ generation }) => generation),
      ['g1', 'g2'],
    );
  });

  it('counts releases by state, and returns when the newest training began', () => {
    const releases = releasesOf(['g1', 'retired'], ['g2', 'retired'], ['g3', 'active']);
    assert.deepEqual(
      [releases.count('retired'), releases.count('active'), releases.count('ready')],
      [2, 1, 0],
    );
    assert.equal(releases.newestCreatedAt, 12);
    assert.equal(releasesOf().newestCreatedAt, undefined);
  });
});
