import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { lifeOf, ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { decideActivation, decideRollback } from '#operations/releases/decide.ts';
import type { Staging } from './scenario.ts';
import { releaseOf } from './scenarios/interests.ts';
import type { World } from './world.ts';

/** Items of every generation. */
const SHARED = ['tea', 'mate', 'nail', 'screw', 'rope'];
/** Items that only one generation has. */
const OWN = 2;

export function itemsOf(generation: string): string[] {
  return [...SHARED, ...Array.from({ length: OWN }, (_, i) => `${generation}-${i}`)];
}

export interface Training {
  readonly generation: string;
  /** Time from the first vector to the end of the training, ms; 0 writes everything at once. */
  readonly durationMs: number;
  /** Whether it fails its gate. */
  readonly isRejected: boolean;
  readonly random: Staging['random'];
}

/** Writes a generation as a training does: building, its vectors one by one, then ready or rejected. */
export async function train(
  world: World,
  { generation, durationMs, isRejected, random }: Training,
): Promise<void> {
  const { scheduler } = world;
  const itemIds = itemsOf(generation);
  const building = releaseOf(generation, 'building', itemIds.length, Math.round(scheduler.now));
  world.write('releases', generation, building);
  for (const [place, itemId] of itemIds.entries()) {
    if (durationMs > 0) await scheduler.wait((durationMs * 2 * random.next()) / itemIds.length, null);
    const vector = encodeVector(Float32Array.of(Math.cos(place), Math.sin(place)));
    const embedding: ItemEmbedding = { generation, itemId, vector, origin: 'trained', basis: null };
    world.write('embeddings', embeddingKey(embedding), embedding);
  }
  world.write('releases', generation, {
    ...building,
    state: isRejected ? 'rejected' : 'ready',
    updatedAt: Math.round(scheduler.now),
    follows: lifeOf(building),
  });
}

/** Declares a ready generation active and the others retired, as the stage index does when it serves the generation. */
export function declareActive(world: World, generation: string): void {
  const ledger = ledgerOf(world);
  const release = ledger.get(generation);
  if (release?.state !== 'ready') return;
  const updatedAt = Math.round(world.scheduler.now);
  world.write('releases', generation, { ...release, state: 'active', updatedAt, follows: lifeOf(release) });
  for (const earlier of ledger.supersededBy(generation))
    world.write('releases', earlier.generation, {
      ...earlier,
      state: 'retired',
      updatedAt,
      follows: lifeOf(earlier),
    });
}

/** Goes back to the generation before, as an operator does on the command line. @returns the releases that were written */
export function goBackByHand(world: World): readonly Release[] {
  const ledger = ledgerOf(world);
  const former = decideRollback(ledger);
  if ('refusal' in former) return [];
  const { generation } = former;
  const now = Math.round(world.scheduler.now);
  const decision = decideActivation(ledger, generation, itemsOf(generation).length, now);
  if ('refusal' in decision) return [];
  for (const release of decision.writes) world.write('releases', release.generation, release);
  return decision.writes;
}

export function ledgerOf(world: World): ReleaseLedger {
  const ledger = new ReleaseLedger();
  for (const { key, value } of world.read('releases')) ledger.declare(key, value);
  return ledger;
}
