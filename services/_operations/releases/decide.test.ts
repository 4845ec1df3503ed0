import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { aRelease } from '#contracts/domain/records.testing.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { Release, ReleaseState } from '#contracts/generated/records.ts';
import { type Decision, decideActivation, decideRetirement, decideRollback } from './decide.ts';

const NOW = 1_000;
const ITEMS = 5;

/** Releases such as `g1 retired, g2 active`, in the order of their declaration. */
function declared(text: string): ReleaseLedger {
  const releases = text
    .split(', ')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [generation = '', state] = entry.split(' ');
      return aRelease({ generation, state: state as ReleaseState, itemCount: ITEMS, reason: 'lost' });
    });
  return new ReleaseLedger(releases);
}

const activate = (log: string, generation: string, trained = ITEMS) =>
  decideActivation(declared(log), generation, trained, NOW);

function writesOf(decision: Decision): readonly Release[] {
  assert.ok('writes' in decision, 'refusal' in decision ? decision.refusal : '');
  return decision.writes;
}

const told = (decision: Decision) =>
  writesOf(decision)
    .map(({ generation, state }) => `${generation} ${state}`)
    .join(', ');

/** The generation that the index selects by the rule in its README, if all generations are complete. */
function wanted(log: readonly Release[]): string | undefined {
  const active = log.findLast(({ state }) => state === 'active')?.generation;
  const ready = log.filter(({ state }) => state === 'ready').map(({ generation }) => generation);
  return (
    ready
      .filter((generation) => active === undefined || generation > active)
      .sort()
      .at(-1) ?? active
  );
}

function append(log: readonly Release[], release: Release): readonly Release[] {
  return [...log.filter(({ generation }) => generation !== release.generation), release];
}

const anyLog = fc
  .uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })
  .chain((numbers) =>
    fc.tuple(
      ...numbers.map((number) =>
        fc
          .constantFrom<ReleaseState>('building', 'ready', 'active', 'retired', 'rejected')
          .map((state) => aRelease({ generation: `g${number}`, state, itemCount: ITEMS })),
      ),
    ),
  );

describe('activating a generation', () => {
  it('activating makes a retired generation ready and retires the active one', () => {
    const decision = activate('g1 retired, g2 active', 'g1');
    assert.equal(told(decision), 'g1 ready, g2 retired');
    const [target, former] = writesOf(decision);
    assert.deepEqual([target?.reason, former?.reason], [null, 'g1 was activated by hand']);
    assert.ok(writesOf(decision).every(({ updatedAt }) => updatedAt === NOW));
  });

  it('activating retires newer waiting generations, so that they do not take over at once', () => {
    assert.equal(
      told(activate('g1 retired, g4 ready, g3 ready, g2 active', 'g1')),
      'g1 ready, g3 retired, g4 retired, g2 retired',
    );
  });

  it('a ready generation that a newer one has overtaken can be activated', () => {
    assert.equal(told(activate('g1 ready, g2 active', 'g1')), 'g1 ready, g2 retired');
  });

  it('a retired generation can be activated if none is active', () => {
    assert.equal(told(activate('g1 retired', 'g1')), 'g1 ready');
  });

  it('activating is refused in one sentence', () => {
    const log = 'g0 retired, g1 rejected, g3 building, g2 active, g5 ready';
    for (const [generation, trained, reason] of [
      ['g9', ITEMS, /^There is no generation g9: npm run releases -- list shows/],
      ['g1', ITEMS, /^g1 was rejected and never serves: lost\.$/],
      ['g3', ITEMS, /^g3 is still being trained\.$/],
      ['g2', ITEMS, /^g2 is active already\.$/],
      ['g5', ITEMS, /^g5 takes over by itself/],
      ['g0', 0, /^g0 cannot be served: the log holds none of its 5 trained embeddings\.$/],
      ['g0', 4, /^g0 cannot be served: the log holds only 4 of its 5 trained embeddings\.$/],
    ] as const) {
      const decision = activate(log, generation, trained);
      assert.ok('refusal' in decision);
      assert.match(decision.refusal, reason);
    }
  });

  it('every reader of the log goes from its generation to the activated one, for any log', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), (log, choice) => {
        const { generation } = log[choice % log.length]!;
        const decision = decideActivation(new ReleaseLedger(log), generation, ITEMS, NOW);
        if ('refusal' in decision) return;
        const active = log.findLast(({ state }) => state === 'active')?.generation;
        const expected = new Set([wanted(log), active, generation]);
        let now: readonly Release[] = log;
        for (const write of decision.writes) {
          now = append(now, write);
          assert.ok(expected.has(wanted(now)), `${wanted(now)} is wanted in between`);
        }
        assert.equal(wanted(now), generation);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('rolling back', () => {
  const rollBack = (log: string) => decideRollback(declared(log));
  const generationOf = (log: string) => {
    const former = rollBack(log);
    return 'generation' in former ? former.generation : former.refusal;
  };

  it('a rollback goes to the newest older retired generation, and further back when repeated', () => {
    assert.equal(generationOf('g1 retired, g2 retired, g3 active'), 'g2');
    assert.equal(generationOf('g1 retired, g3 retired, g2 active'), 'g1');
  });

  it('a rollback never goes to a rejected generation', () => {
    assert.equal(generationOf('g1 retired, g2 rejected, g3 active'), 'g1');
  });

  it('a rollback is refused in one sentence', () => {
    assert.match(generationOf('g1 retired, g2 ready'), /^No generation is active/);
    assert.match(generationOf(''), /^No generation is active/);
    assert.match(generationOf('g3 retired, g2 active'), /^No retired generation is older than the active g2/);
  });
});

describe('retiring a generation', () => {
  const retire = (log: string, generation: string) => decideRetirement(declared(log), generation, NOW);

  it('retiring removes a ready generation from the queue', () => {
    assert.equal(told(retire('g1 active, g2 ready', 'g2')), 'g2 retired');
    assert.equal(writesOf(retire('g2 ready', 'g2'))[0]?.reason, 'retired by hand');
  });

  it('retiring is refused in one sentence', () => {
    const log = 'g1 retired, g2 rejected, g3 active, g4 building';
    for (const [generation, reason] of [
      ['g1', /^g1 is retired already\.$/],
      ['g2', /^g2 is rejected already\.$/],
      ['g3', /^g3 is active: activate another generation/],
      ['g4', /^g4 is still being trained\.$/],
      ['g9', /^There is no generation g9/],
    ] as const) {
      const decision = retire(log, generation);
      assert.ok('refusal' in decision);
      assert.match(decision.refusal, reason);
    }
  });
});
