import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { createCodec } from '#contracts/codec.ts';
import type { Medoid, Proposal, UserInterests } from '#contracts/generated/records.ts';
import { SCHEMAS } from '#contracts/generated/records.ts';
import { createMemoryRegistry } from '#contracts/memory-registry.ts';
import { rankItems } from '../../services/propose/embeddings/embedded-items.ts';
import type { Figures } from '../figures/figures.ts';
import { zipf } from './live/crowd.ts';
import { plausibleModels } from './live/models.ts';
import { MODELS_FOR_USERS, openModels, type RankedWorld } from './models-in-process.ts';
import { BENCH_GENERATION } from './seeded-windows.ts';
import {
  clusteredVectors,
  SYNTHETIC_CLUSTER,
  SYNTHETIC_DIMENSION,
  syntheticCategories,
} from './synthetic-windows.ts';

/** Products that households of completejourney bought, and a large catalogue. */
const CATALOGUES = [8_776, 200_000] as const;
const USERS = 512;
/** Users in a batch of a partition. */
const BATCH = 16;
const MEDOIDS = 10;
/** Items of a window: the median of households, and the longest. */
const SEEN = [84, 200, 400] as const;
const ROUNDS = 9;
const START = Date.parse('2026-01-01T00:00:00Z');

/**
 * The work of propose for a user without Kafka, from the bytes of interests to the bytes of the proposal, in catalogues of two sizes:
 * microseconds of CPU a user for each default model alone and for all, medians of alternating rounds.
 */
export async function measure(): Promise<Figures> {
  const rows: Figures[] = [];
  for (const items of CATALOGUES) rows.push(await measureCatalogue(items));
  return { users: USERS, medoids: MEDOIDS, byItems: rows };
}

async function measureCatalogue(count: number): Promise<Figures> {
  const random = createRandom(`propose-${count}`);
  const world = createWorld(count, random);
  const { codec, encoded } = await encodeInterests(world, random);
  const runs: Record<string, () => Promise<void>> = {};
  let bytes = 0;
  for (const names of [...MODELS_FOR_USERS.map((name) => [name]), MODELS_FOR_USERS]) {
    const encode = (proposal: Proposal): void => {
      bytes = codec.encode('Proposal', proposal).length;
    };
    const propose = openModels(names, world, encode, START);
    runs[names.length > 1 ? 'all' : names[0]!] = async () => {
      for (let from = 0; from < encoded.length; from += BATCH)
        await propose(
          encoded.slice(from, from + BATCH).map((one) => codec.decode('UserInterests', one) as UserInterests),
        );
    };
  }
  const samples = new Map(Object.keys(runs).map((name): [string, number[]] => [name, []]));
  for (let round = -1; round < ROUNDS; round++)
    for (const [name, run] of Object.entries(runs)) {
      const before = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(before);
      // The first round warms up.
      if (round >= 0) samples.get(name)!.push((user + system) / encoded.length);
    }
  const micros = [...samples].map(([name, all]) => [name, Math.round(quantile(all, 0.5))]);
  return { items: count, ...Object.fromEntries(micros), bytes };
}

interface World extends RankedWorld {
  readonly itemIds: readonly string[];
}

/** Clustered vectors; a random order is that of popularity, which falls as a Zipf distribution does. */
function createWorld(count: number, random: Random): World {
  const vectors = clusteredVectors(count, random);
  const itemIds = Array.from({ length: count }, (_, item) => `item-${item}`);
  const table = new VectorTable(SYNTHETIC_DIMENSION, count);
  const shares = new Map<string, number>();
  itemIds.forEach((itemId, item) => {
    table.set(itemId, rowOf(vectors, item));
    shares.set(itemId, 1 / (1 + random.integer(count)));
  });
  const items = rankItems({ table, has: () => true }, (itemId) => shares.get(itemId)!);
  const artefacts = plausibleModels({ categoriesOf: syntheticCategories }, itemIds, random);
  return { items, itemIds, artefacts };
}

function rowOf(matrix: Float32Array, row: number): Float32Array {
  const vector = matrix.slice(row * SYNTHETIC_DIMENSION, (row + 1) * SYNTHETIC_DIMENSION);
  normaliseInPlace(vector);
  return vector;
}

async function encodeInterests({ itemIds }: World, random: Random) {
  const registry = createMemoryRegistry();
  for (const record of ['UserInterests', 'Proposal'] as const)
    await registry.register(record, SCHEMAS[record]);
  const codec = createCodec({ registry, subjectOf: (record) => record });
  await codec.prepare(['UserInterests', 'Proposal']);
  const draw = zipf(SYNTHETIC_CLUSTER, () => random.next());
  const clusters = Math.ceil(itemIds.length / SYNTHETIC_CLUSTER);
  const encoded = Array.from({ length: USERS }, (_, user) => {
    const tastes = Array.from({ length: MEDOIDS }, () => SYNTHETIC_CLUSTER * random.integer(clusters));
    const itemOf = (taste: number) => itemIds[Math.min(itemIds.length - 1, taste + draw())]!;
    const interests: UserInterests = {
      userId: `user-${user}`,
      version: user,
      generation: BENCH_GENERATION,
      streamTime: START,
      receivedAt: START,
      windowSize: SEEN[user % SEEN.length]!,
      unknownItems: 0,
      types: ['buy'],
      recentTypes: [],
      repeats: [],
      medoids: tastes.map((taste, place): Medoid => {
        const importance = 1 / (1 + place);
        return { itemId: itemOf(taste), type: 'buy', importance, size: 8, lastOccurredAt: START };
      }),
      recent: Array.from({ length: SEEN[user % SEEN.length]! }, () =>
        itemOf(tastes[random.integer(MEDOIDS)]!),
      ),
    };
    return codec.encode('UserInterests', interests);
  });
  return { codec, encoded };
}
