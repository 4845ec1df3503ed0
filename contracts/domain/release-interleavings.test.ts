import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Release } from '../generated/records.ts';
import { aRelease } from './records.testing.ts';
import { lifeOf, ReleaseLedger } from './release-ledger.ts';

/** The topic `releases`, with a clock that ticks at every declaration of a person or a training. */
class Log {
  readonly messages: Release[] = [];
  #now = 0;

  append(release: Release): void {
    this.messages.push(release);
  }

  tick(): number {
    return ++this.#now;
  }

  get now(): number {
    return this.#now;
  }

  ledger(): ReleaseLedger {
    return new ReleaseLedger(this.messages);
  }

  /** What compaction leaves: the last message of each generation. */
  compacted(): ReleaseLedger {
    const last = new Map<string, Release>();
    for (const release of this.messages) {
      last.delete(release.generation);
      last.set(release.generation, release);
    }
    return new ReleaseLedger(last.values());
  }
}

/** A replica of the index, which reads, concludes and writes with any delay between. */
class Replica {
  readonly #log: Log;
  readonly #ledger = new ReleaseLedger();
  #position = 0;
  #unsent: Release[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Reads one message. @returns false at the end of the log */
  read(): boolean {
    const release = this.#log.messages[this.#position];
    if (release === undefined) return false;
    this.#position++;
    if (this.#ledger.declare(release.generation, release)) return true;
    const restored = this.#ledger.restored(release.generation);
    if (restored !== undefined) this.#unsent.push(restored);
    return true;
  }

  /** Flips to the release that takes over, as far as it was read. */
  conclude(): void {
    const next = this.#ledger.successor();
    if (next === undefined || this.#unsent.length > 0) return;
    const updatedAt = this.#log.now;
    this.#unsent.push({ ...next, state: 'active', updatedAt, follows: lifeOf(next) });
    for (const earlier of this.#ledger.supersededBy(next.generation))
      this.#unsent.push({ ...earlier, state: 'retired', updatedAt, follows: lifeOf(earlier) });
  }

  /** Writes one declaration. @returns false where none waits */
  write(): boolean {
    const release = this.#unsent.shift();
    if (release === undefined) return false;
    this.#log.append(release);
    return true;
  }
}

const GENERATIONS = ['g1', 'g2', 'g3'];

/** A person activates a generation: it is ready again, and those that would come before it are retired. */
function activate(log: Log, generation: string): void {
  const declared = log.ledger().declared;
  const target = declared.find((release) => release.generation === generation);
  if (target === undefined) return;
  const updatedAt = log.tick();
  log.append({ ...target, state: 'ready', updatedAt, follows: null });
  for (const other of declared) {
    const comesBefore =
      other.state === 'active' || (other.state === 'ready' && other.generation > generation);
    if (other !== target && comesBefore) log.append({ ...other, state: 'retired', updatedAt, follows: null });
  }
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom('read', 'conclude', 'write'), fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('train'), fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('activate'), fc.nat(2)) },
);

describe('releases under slow processes', () => {
  it('the generation that a person activated last serves in the end, however slow the replicas are', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(2), (steps, last) => {
        const log = new Log();
        for (const generation of GENERATIONS)
          log.append(aRelease({ generation, state: 'ready', updatedAt: log.tick() }));
        const replicas = [new Replica(log), new Replica(log), new Replica(log)];
        for (const [what, which] of steps) {
          const replica = replicas[which]!;
          if (what === 'activate') activate(log, GENERATIONS[which]!);
          else if (what === 'train')
            log.append(
              aRelease({
                generation: `g4 ${log.messages.length + 100}`,
                state: 'ready',
                updatedAt: log.tick(),
              }),
            );
          else if (what === 'read') replica.read();
          else if (what === 'conclude') replica.conclude();
          else if (what === 'write') replica.write();
        }
        activate(log, GENERATIONS[last]!);
        for (let isMoving = true; isMoving; ) {
          isMoving = false;
          for (const replica of replicas) {
            while (replica.read()) isMoving = true;
            replica.conclude();
            while (replica.write()) isMoving = true;
          }
        }
        assert.equal(log.ledger().active()?.generation, GENERATIONS[last]);
        assert.deepEqual(
          log.ledger().declared.filter(({ state }) => state === 'active').length,
          1,
          'no other release is active',
        );
        assert.equal(log.compacted().active()?.generation, GENERATIONS[last], 'also after compaction');
      }),
      { numRuns: 2_000 },
    );
  });

  it('a training that was given up as interrupted never becomes ready, and one that is ready is never given up', () => {
    const building = aRelease({ state: 'building', updatedAt: 5 });
    const follows = lifeOf(building);
    const ready: Release = { ...building, state: 'ready', updatedAt: 9, follows };
    const [rejected] = new ReleaseLedger([building]).interrupted(8);
    assert.equal(new ReleaseLedger([building, rejected!, ready]).get('g1')?.state, 'rejected');
    assert.equal(new ReleaseLedger([building, ready, rejected!]).get('g1')?.state, 'ready');
    const beat: Release = { ...building, updatedAt: 7, follows };
    assert.equal(new ReleaseLedger([building, rejected!, beat]).get('g1')?.state, 'rejected');
    assert.equal(new ReleaseLedger([building, beat, ready]).get('g1')?.state, 'ready');
  });

  it('a stale declaration changes neither state nor order, and a repeat does not change the order', () => {
    const ready = aRelease({ generation: 'g2', state: 'ready', updatedAt: 1 });
    const active: Release = { ...ready, state: 'active', updatedAt: 2, follows: 1 };
    const ledger = new ReleaseLedger([aRelease({ generation: 'g1' }), ready, active]);
    ledger.declare('g3', aRelease({ generation: 'g3', updatedAt: 3 }));
    assert.equal(ledger.declare('g2', { ...active, updatedAt: 4 }), true, 'a repeat by another replica');
    assert.equal(ledger.active()?.generation, 'g3');
    assert.equal(ledger.declare('g2', { ...active, follows: 0 }), false);
    ledger.declare('g2', { ...ready, state: 'retired', updatedAt: 5, follows: null });
    assert.equal(ledger.declare('g2', active), false);
    assert.equal(ledger.get('g2')?.state, 'retired');
    ledger.declare('g2', null);
    assert.equal(ledger.declare('g2', active), false, 'a tombstone is final for what came before it');
    assert.equal(ledger.isOver('g2'), true);
  });

  it('a generation may come unless it is retired, over or older than the active one', () => {
    const ledger = new ReleaseLedger([
      aRelease({ generation: 'g2' }),
      aRelease({ generation: 'g3', state: 'ready' }),
      aRelease({ generation: 'g4', state: 'rejected' }),
      aRelease({ generation: 'g5', state: 'retired' }),
    ]);
    const answers = ['g1', 'g2', 'g3', 'g4', 'g5', 'g6'].map((generation) => ledger.mayCome(generation));
    assert.deepEqual(answers, [false, true, true, false, false, true]);
    assert.equal(new ReleaseLedger().mayCome('g1'), true);
  });
});
