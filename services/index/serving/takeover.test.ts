import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { Release } from '#contracts/generated/records.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { embedding, release } from '#published/releases.testing.ts';
import { createShard } from '#published/shard.ts';
import { LiveIndex } from '../live-index.ts';
import { createIndexMetrics } from '../metrics.ts';

const ITEMS = ['tea', 'milk', 'oats', 'soap', 'nail', 'rope', 'salt', 'corn'];

type Entry = (index: LiveIndex) => void;

/** A log that each shard reads at its own pace. */
class World {
  readonly log: Entry[] = [];
  readonly declared: string[] = [];
  readonly shards: LiveIndex[] = [];
  readonly #read: number[] = [];
  /** How often the first shard has asked the others. */
  asked = 0;

  constructor(count: number) {
    for (let place = 0; place < count; place++) this.#start(place, count);
  }

  #start(place: number, count: number, recallMinimum = 0.95): void {
    this.shards[place]?.close();
    this.#read[place] = 0;
    this.shards[place] = new LiveIndex({
      log: pino({ level: 'silent' }),
      metrics: createIndexMetrics(createMetrics('index')),
      parameters: { m: 16, efConstruction: 200 },
      efSearch: 64,
      recallMinimum,
      duplicateCosine: 1,
      snapshots: undefined,
      keepRetiredMs: 60_000,
      shard: createShard(place, count),
      lacking: async (id) => {
        this.asked += 1;
        return this.shards.flatMap((other, i) => (other.find(id) === undefined ? [String(i)] : []));
      },
      publish: async (one) => {
        this.declared.push(`${one.generation} ${one.state}`);
        this.declare(one);
      },
      onFailure: (error) => assert.fail(error as Error),
    });
  }

  /** With an empty memory, until it serves again. */
  async restart(place: number, recallMinimum?: number): Promise<void> {
    this.#start(place, this.shards.length, recallMinimum);
    this.read(place);
    await waitFor(() => this.shards[place]!.served !== undefined, { message: 'it serves again' });
  }

  declare(one: Release): void {
    this.log.push((index) => index.applyRelease(one.generation, one));
  }

  publish(id: string, itemIds: readonly string[] = ITEMS): void {
    this.declare(release(id, 'building', itemIds.length));
    itemIds.forEach((itemId, i) => {
      const value = embedding(id, itemId, [Math.cos(i / 5), Math.sin(i / 5)]);
      this.log.push((index) => index.applyEmbedding(`${id}/${itemId}`, value));
    });
    this.declare(release(id, 'ready', itemIds.length));
  }

  /** Lets these shards read the log to its end. */
  read(...places: readonly number[]): void {
    for (const place of places) {
      const index = this.shards[place]!;
      for (const entry of this.log.slice(this.#read[place])) entry(index);
      this.#read[place] = this.log.length;
      index.markCaughtUp();
    }
  }

  served(): (string | undefined)[] {
    return this.shards.map(({ served }) => served?.generation.id);
  }

  /** Reads on until the shards serve these; at any time, all shards must hold every generation that one serves. */
  async reaches(expected: readonly string[], ...readers: readonly number[]): Promise<void> {
    await waitFor(
      () => {
        this.read(...readers);
        for (const id of this.served()) {
          const lacking = this.shards.filter((index) => id !== undefined && index.find(id) === undefined);
          assert.equal(lacking.length, 0, `${id} is held everywhere`);
        }
        return this.served().join() === expected.join();
      },
      { message: `${expected.join()} serve` },
    );
  }

  /** Until the first shard has asked the others once more. */
  async asksAgain(): Promise<void> {
    const before = this.asked;
    await waitFor(() => this.asked > before + 1, { message: 'asked again' });
  }

  close(): void {
    for (const index of this.shards) index.close();
  }
}

describe('shards', () => {
  it('shard 0 flips once all shards hold the generation, and the others flip when they read that', async () => {
    const world = new World(3);
    world.publish('g1');
    await world.reaches(['g1', 'g1', 'g1'], 0, 1, 2);
    assert.deepEqual(world.declared, ['g1 active']);
    assert.equal(
      world.shards.reduce((items, { served }) => items + (served?.graph.size ?? 0), 0),
      ITEMS.length,
    );

    world.publish('g2');
    world.read(0, 1);
    await world.asksAgain();
    assert.deepEqual(world.served(), ['g1', 'g1', 'g1'], 'the last does not hold it yet');
    world.read(2);
    await world.reaches(['g2', 'g1', 'g1']);
    assert.deepEqual(world.shards[1]!.heldIds(), ['g1', 'g2'], 'it answers requests that name it');
    await world.reaches(['g2', 'g2', 'g2'], 0, 1, 2);
    assert.deepEqual(world.declared, ['g1 active', 'g2 active', 'g1 retired']);
    for (const index of world.shards) assert.deepEqual(index.heldIds(), ['g2', 'g1']);
    world.close();
  });

  it('an earlier generation is retired only once the log names the next one active', async () => {
    const world = new World(1);
    world.publish('g1');
    await world.reaches(['g1'], 0);
    world.publish('g2');
    world.read(0);
    await waitFor(() => world.declared.length === 2, { message: 'g2 is declared' });
    assert.deepEqual(world.served(), ['g2']);
    await world.reaches(['g2'], 0);
    await waitFor(() => world.declared.length === 3, { message: 'g1 is retired' });
    assert.deepEqual(world.declared, ['g1 active', 'g2 active', 'g1 retired']);
    world.close();
  });

  it('a declaration that is stale when it is read retires nothing that a person went back to', async () => {
    const world = new World(1);
    world.publish('g1');
    await world.reaches(['g1'], 0);
    world.publish('g2');
    world.read(0);
    // The person is faster in the log than the declaration of g2.
    const lateDeclaration = waitFor(() => world.declared.length === 2, { message: 'g2 is declared' });
    world.declare(release('g1', 'ready', ITEMS.length));
    world.declare(release('g2', 'retired', ITEMS.length));
    await lateDeclaration;
    await world.reaches(['g1'], 0);
    assert.ok(!world.declared.includes('g1 retired'), world.declared.join());
    world.close();
  });

  it('all shards go back together', async () => {
    const world = new World(2);
    world.publish('g1');
    await world.reaches(['g1', 'g1'], 0, 1);
    world.publish('g2');
    await world.reaches(['g2', 'g2'], 0, 1);
    world.declare(release('g1', 'ready', ITEMS.length));
    world.declare(release('g2', 'retired', ITEMS.length));
    await world.reaches(['g1', 'g1'], 0, 1);
    assert.deepEqual(world.declared.slice(3), ['g1 active']);
    world.close();
  });

  it('no shard flips while one of them refuses the generation, and all do after its restart', async () => {
    const world = new World(2);
    world.publish('g1');
    await world.reaches(['g1', 'g1'], 0, 1);
    await world.restart(1, 1.01);
    world.publish('g2');
    world.read(0, 1);
    await world.asksAgain();
    assert.deepEqual(world.served(), ['g1', 'g1']);
    await world.restart(1);
    await world.reaches(['g2', 'g2'], 0, 1);
    world.close();
  });

  it('a restarted shard serves the active generation, even if the next is ready', async () => {
    const world = new World(2);
    world.publish('g1');
    await world.reaches(['g1', 'g1'], 0, 1);
    world.publish('g2');
    await world.restart(0);
    await world.asksAgain();
    assert.deepEqual(world.served(), ['g1', 'g1']);
    assert.deepEqual(world.shards[0]!.heldIds(), ['g1', 'g2']);
    await world.reaches(['g2', 'g2'], 0, 1);
    world.close();
  });

  it('a shard serves a generation of which it has no item', async () => {
    const world = new World(3);
    world.publish('g1', ['tea']);
    await world.reaches(['g1', 'g1', 'g1'], 0, 1, 2);
    const found = world.shards.map(({ served }) => served!.graph.search(Float32Array.of(1, 0), 5).length);
    assert.deepEqual(found.sort(), [0, 0, 1]);
    world.close();
  });
});
