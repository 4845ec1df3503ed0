import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Release } from '#contracts/generated/records.ts';
import { someRelease } from './records.testing.ts';
import { INTERRUPTED, Releases } from './releases.ts';

function releasesOf(...declared: readonly (readonly [string, Release['state']])[]): Releases {
  const releases = new Releases();
  declared.forEach(([generation, state], i) => {
    releases.take(generation, someRelease(generation, state, { createdAt: 10 + i }));
  });
  return releases;
}

describe('the active release', () => {
  it('is the one declared last', () => {
    assert.equal(releasesOf().active, undefined);
    assert.equal(releasesOf(['g1', 'active'], ['g2', 'ready']).active?.generation, 'g1');
    assert.equal(releasesOf(['g1', 'active'], ['g2', 'active']).active?.generation, 'g2');
    assert.equal(releasesOf(['g2', 'active'], ['g1', 'active'], ['g2', 'rejected']).active?.generation, 'g1');
  });

  it('is the one before where the last one is taken back', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'active'], ['g2', 'rejected']);
    assert.equal(releases.active?.generation, 'g1');
    releases.take('g1', null);
    assert.equal(releases.active, undefined);
  });
});

describe('a release that was left building', () => {
  it('is rejected with a reason, and no other is touched', () => {
    const releases = releasesOf(['g1', 'active'], ['g2', 'building'], ['g3', 'ready']);
    assert.deepEqual(releases.interrupted(99), [
      someRelease('g2', 'rejected', { createdAt: 11, updatedAt: 99, reason: INTERRUPTED }),
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

describe('the releases', () => {
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
