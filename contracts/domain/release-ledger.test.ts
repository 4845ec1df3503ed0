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
  it('is the one declared last', () => {
    assert.equal(releasesOf().active(), undefined);
    assert.equal(releasesOf(['g1', 'active'], ['g2', 'ready']).active()?.generation, 'g1');
    assert.equal(releasesOf(['g1', 'active'], ['g2', 'active']).active()?.generation, 'g2');
    assert.equal(
      releasesOf(['g2', 'active'], ['g1', 'active'], ['g2', 'rejected']).active()?.generation,
      'g1',
    );
  });

  it('is the one before where the last one is taken back', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'active'], ['g2', 'rejected']);
    assert.equal(releases.active()?.generation, 'g1');
    releases.declare('g1', null);
    assert.equal(releases.active(), undefined);
  });

  it('is chosen among those that the reader can serve', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'active']);
    assert.equal(releases.active(({ generation }) => generation !== 'g2')?.generation, 'g1');
    assert.equal(
      releases.active(() => false),
      undefined,
    );
  });
});

describe('the release that takes over', () => {
  it('is the newest ready one that is newer than the active one', () => {
    assert.equal(releasesOf(['g1', 'active']).successor(), undefined);
    assert.equal(releasesOf(['g2', 'active'], ['g1', 'ready']).successor(), undefined);
    const releases = releasesOf(['g4', 'ready'], ['g2', 'active'], ['g3', 'ready'], ['g5', 'building']);
    assert.equal(releases.successor()?.generation, 'g4');
    assert.equal(releases.successor(({ generation }) => generation < 'g4')?.generation, 'g3');
  });

  it('is any ready one where none is active', () => {
    assert.equal(releasesOf(['g1', 'ready'], ['g2', 'retired']).successor()?.generation, 'g1');
  });

  it('supersedes every other one that is declared active', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'retired'], ['g3', 'active']);
    assert.deepEqual(
      releases.supersededBy('g3').map(({ generation }) => generation),
      ['g1'],
    );
  });
});

describe('the release to roll back to', () => {
  it('is the newest retired one that is older than the active one', () => {
    const releases = releasesOf(['g2', 'retired'], ['g1', 'retired'], ['g4', 'retired'], ['g3', 'active']);
    assert.equal(releases.former()?.generation, 'g2');
    assert.equal(releasesOf(['g1', 'retired']).former(), undefined);
  });
});

describe('a generation that is over', () => {
  it('is rejected or tombstoned, until it is declared again', () => {
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
  it('is rejected with a reason, and no other is touched', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'building'], ['g3', 'ready']);
    assert.deepEqual(releases.interrupted(99), [
      aRelease({ generation: 'g2', state: 'rejected', createdAt: 11, updatedAt: 99, reason: INTERRUPTED }),
    ]);
  });
});

describe('what may leave the log', () => {
  const past = [
    ['g1', 'retired'],
    ['g2', 'retired'],
    ['g3', 'retired'],
  ] as const;

  it('is retired and beyond the newest that are kept', () => {
    assert.deepEqual(releasesOf(...past, ['g4', 'active']).disposable(2), ['g1']);
    assert.deepEqual(releasesOf(...past.toReversed(), ['g4', 'active']).disposable(1), ['g2', 'g1']);
    assert.deepEqual(releasesOf(...past).disposable(3), []);
  });

  it('is rejected, however few are kept', () => {
    assert.deepEqual(releasesOf(['g1', 'rejected'], ['g2', 'active']).disposable(5), ['g1']);
  });

  it('is ready but overtaken', () => {
    const releases = releasesOf(['g1', 'ready'], ['g2', 'retired'], ['g3', 'active'], ['g4', 'ready']);
    assert.deepEqual(releases.disposable(1), ['g1']);
  });

  it('is never active, building or about to be served', () => {
    assert.deepEqual(releasesOf(['g1', 'ready'], ['g2', 'building']).disposable(1), []);
    assert.deepEqual(releasesOf(['g1', 'active'], ['g2', 'ready'], ['g3', 'building']).disposable(1), []);
  });
});

describe('the releases of a ledger', () => {
  it('stand in the order in which they were last declared', () => {
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

  it('are counted by state, and know when the newest training began', () => {
    const releases = releasesOf(['g1', 'retired'], ['g2', 'retired'], ['g3', 'active']);
    assert.deepEqual(
      [releases.count('retired'), releases.count('active'), releases.count('ready')],
      [2, 1, 0],
    );
    assert.equal(releases.newestCreatedAt, 12);
    assert.equal(releasesOf().newestCreatedAt, undefined);
  });
});
