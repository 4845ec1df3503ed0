import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { STAGE_NAMES } from '#stages/stages.ts';
import type { Figures } from '../figures/figures.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { Path } from '../path/path.ts';
import { onStages } from './on-stages.ts';
import { BENCH_GENERATION, publishVectors } from './seeded-windows.ts';
import { clusteredVectors, SYNTHETIC_DIMENSION } from './synthetic-windows.ts';

/** Starts of each stage; the first also fills the caches of the disk. */
const STARTS = 5;
const VECTORS = 1_000_000;
const STARTS_WITH_VECTORS = 3;
/** Building a graph of a million vectors takes minutes; a restart reads its snapshot. */
const BUILD_TIMEOUT_MS = 40 * 60_000;
/** The stages that hold vectors. */
const HOLDERS = ['index', 'propose', 'interests'] as const;

/**
 * Seconds from the start of a process until `/readyz` answers 200, which is asked every 50 ms: of every stage with empty topics,
 * and of the stages that hold vectors with a million of them in the log, the graph in a snapshot.
 */
export async function measure(options: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const vectors = Number(options.vectors ?? VECTORS);
  if (!Number.isInteger(vectors) || vectors < 1)
    throw new SetupError(
      `--vectors ${options.vectors} is not a number of vectors`,
      'Give a whole number from 1',
    );
  const snapshots = mkdtempSync(join(tmpdir(), 'tributary-snapshots-'));
  try {
    return await onStages(STAGE_NAMES, { TRIBUTARY_INDEX_SNAPSHOTS: snapshots }, async (path) => {
      const empty = [];
      for (const name of STAGE_NAMES) empty.push(await measureStarts(path, name, STARTS));
      await publish(path, vectors);
      const loaded = [];
      for (const name of HOLDERS) loaded.push(await measureStarts(path, name, STARTS_WITH_VECTORS));
      return { empty, withVectors: loaded, vectors };
    });
  } finally {
    rmSync(snapshots, { recursive: true, force: true });
  }
}

/** @returns seconds until the stage is ready, while all others run */
async function measureStarts(path: Path, name: string, starts: number): Promise<Figures> {
  const seconds: number[] = [];
  for (let start = 0; start < starts; start++) {
    await path.stages.processes.find((managed) => managed.name === name)?.stop();
    const startedAt = performance.now();
    await path.stages.restart(name);
    seconds.push((performance.now() - startedAt) / 1_000);
    console.error(`  ${name}: ${seconds.at(-1)!.toFixed(2)} s`);
  }
  return { name, p50: quantile(seconds, 0.5), least: Math.min(...seconds), most: Math.max(...seconds) };
}

/** Publishes a generation of clustered vectors, and waits until the index serves it and has written its snapshot. */
async function publish(path: Path, count: number): Promise<void> {
  const vectors = clusteredVectors(count, createRandom('cold-start'));
  const itemIds = Array.from({ length: count }, (_, item) => `item-${item}`);
  const rowOf = new Map(itemIds.map((itemId, row) => [itemId, row]));
  const vectorOf = (itemId: string): Float32Array => {
    const start = rowOf.get(itemId)! * SYNTHETIC_DIMENSION;
    return vectors.subarray(start, start + SYNTHETIC_DIMENSION);
  };
  console.error(`  publishing ${count} vectors …`);
  await publishVectors(
    path.namespace,
    { alpha: 0, vectorOf, histories: [], categoriesOf: () => [] },
    Date.now(),
    itemIds,
  );
  console.error('  building the graph …');
  await waitFor(
    async () => {
      const { body } = await path.call('index', 'GET', '/status');
      return (body as { active: { generation: string } | null }).active?.generation === BENCH_GENERATION;
    },
    { message: `the index serves ${count} vectors`, timeoutMs: BUILD_TIMEOUT_MS },
  );
}
