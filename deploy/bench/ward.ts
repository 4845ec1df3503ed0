import { quantile } from '#algorithms/evaluation/quantile.ts';
import { cut } from '#algorithms/pinnersage/dendrogram.ts';
import type { WeightedPoints } from '#algorithms/pinnersage/points.ts';
import { createWardWorkspace, type WardWorkspace, ward } from '#algorithms/pinnersage/ward.ts';
import { createScalarKernel, createSimdKernel } from '#algorithms/pinnersage/ward-kernel.ts';
import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace, row } from '#algorithms/vectors.ts';
import type { Figures } from '../figures/figures.ts';
import { type PythonPeer, startPythonPeer } from './peer.ts';

const SIZES = [50, 100, 200, 500] as const;
const DIM = 64;
/** Height of the cut: a typical α of a release for such vectors. */
const ALPHA = 1.2;
const ROUNDS = 21;
/** A sample repeats the run for about this long, ms of CPU: clocks are too coarse for one run. */
const SAMPLE_MS = 25;

type Runner = (
  points: Float32Array,
  repeats: number,
) => Promise<{ milliseconds: number; heights: ArrayLike<number> }>;

/**
 * Full Ward and its cut at n = 50 to 500 points of 64 dimensions, beside scipy's `linkage` and `fcluster` in the same run:
 * medians of CPU time over alternating rounds. `maxHeightError` is the largest relative difference of a merge's height.
 */
export async function measure(): Promise<Figures> {
  const peer = await startPythonPeer('peer:scipy', 'scipy_ward.py');
  try {
    const runners = {
      scipy: peerRunner(peer),
      simd: ownRunner(createWardWorkspace(createSimdKernel())),
      scalar: ownRunner(createWardWorkspace(createScalarKernel())),
    };
    const sizes: [n: string, Comparison][] = [];
    for (const n of SIZES) sizes.push([String(n), await compare(interestPoints(n), runners)]);
    const bySize = (of: (size: Comparison) => number) =>
      Object.fromEntries(sizes.map(([n, size]) => [n, of(size)]));
    return {
      speedup: bySize(({ scipy, simd }) => scipy.median / simd.median),
      speedupScalar: bySize(({ scipy, scalar }) => scipy.median / scalar.median),
      maxHeightError: Math.max(...sizes.map(([, { heightError }]) => heightError)),
      milliseconds: sizes.flatMap(([n, { scipy, simd, scalar }]) =>
        Object.entries({ scipy, simd, scalar }).map(([name, spread]) => ({ n, name, ...spread })),
      ),
    };
  } finally {
    await peer.stop();
  }
}

interface Spread {
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}

interface Comparison {
  readonly scipy: Spread;
  readonly simd: Spread;
  readonly scalar: Spread;
  readonly heightError: number;
}

async function compare(
  points: Float32Array,
  runners: Readonly<Record<'scipy' | 'simd' | 'scalar', Runner>>,
): Promise<Comparison> {
  const samples = { scipy: [] as number[], simd: [] as number[], scalar: [] as number[] };
  let heightError = 0;
  const { milliseconds: guess } = await runners.scipy(points, 3);
  const repeats = Math.max(1, Math.ceil(SAMPLE_MS / guess));
  // Each gets a warm-up of the length of one sample.
  for (const run of Object.values(runners)) await run(points, repeats);
  for (let round = 0; round < ROUNDS; round++) {
    const scipy = await runners.scipy(points, repeats);
    const simd = await runners.simd(points, repeats);
    const scalar = await runners.scalar(points, repeats);
    samples.scipy.push(scipy.milliseconds);
    samples.simd.push(simd.milliseconds);
    samples.scalar.push(scalar.milliseconds);
    heightError = Math.max(heightError, relativeError(simd.heights, scipy.heights));
  }
  return {
    scipy: spread(samples.scipy),
    simd: spread(samples.simd),
    scalar: spread(samples.scalar),
    heightError,
  };
}

function ownRunner(workspace: WardWorkspace): Runner {
  return async (points, repeats) => {
    const input: WeightedPoints = { points, weights: Array(points.length / DIM).fill(1), dim: DIM };
    let heights: ArrayLike<number> = [];
    const before = process.cpuUsage();
    for (let i = 0; i < repeats; i++) {
      const tree = ward(input, workspace);
      cut(tree, ALPHA);
      heights = tree.height;
    }
    const { user, system } = process.cpuUsage(before);
    return { milliseconds: (user + system) / 1000 / repeats, heights };
  };
}

function peerRunner(peer: PythonPeer): Runner {
  return (points, repeats) =>
    peer.ask({ points: Buffer.from(points.buffer).toString('base64'), dim: DIM, alpha: ALPHA, repeats });
}

/** Unit vectors in as many loose groups as a user has interests: one in ten points starts a new group. */
function interestPoints(n: number): Float32Array {
  const random = createRandom(`ward-${n}`);
  const points = new Float32Array(n * DIM);
  const groups = Math.ceil(n / 10);
  for (let i = 0; i < n; i++) {
    const point = row(points, i, DIM);
    const centre = i < groups ? undefined : row(points, random.integer(groups), DIM);
    for (let d = 0; d < DIM; d++) point[d] = random.normal() / Math.sqrt(DIM) + (centre?.[d] ?? 0);
    normaliseInPlace(point);
  }
  return points;
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / expected[i]!);
  }
  return worst;
}

function spread(samples: readonly number[]): Spread {
  return { p10: quantile(samples, 0.1), median: quantile(samples, 0.5), p90: quantile(samples, 0.9) };
}
