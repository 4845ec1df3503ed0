import { createRandom } from '#algorithms/random.ts';
import { applyFault, keepRedisCopy } from './apply-fault.ts';
import { type Comparison, settleAndCompare } from './compare.ts';
import { recovered } from './recovery.ts';
import { drawSchedule, type NemesisFault } from './schedule.ts';
import { type NemesisWorld, openWorld } from './world.ts';

export interface NemesisOptions {
  readonly seed: string;
  /** Number of faults. */
  readonly count: number;
  /** Processes of each stage. */
  readonly copies: number;
  /** Most faults that overlap. */
  readonly together: number;
  /** Seconds that a fault may last, the most frequent first. */
  readonly seconds: readonly number[];
  /** Kinds of faults. Default: all. */
  readonly kinds?: readonly string[];
  /** A bug of `plants.ts` that the checkers must find. */
  readonly plant?: string;
  readonly log: (line: string) => void;
}

export interface NemesisResult extends Comparison {
  readonly faults: number;
  /** Starts of processes after the first. */
  readonly restarts: number;
  /** Exits of processes that nobody asked for, with their reasons in the log. */
  readonly crashes: number;
  /** From the end of each wave of faults until all processes are ready and an action of each partition is in a slate. */
  readonly recoverySeconds: { readonly p50: number; readonly p99: number };
  readonly acknowledged: number;
  /** Faults by kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

const ACTIONS_PER_SECOND = 6;
const SLATES_PER_SECOND = 3;

/** Hurts processes, connections and servers by a seed, and compares what remains with what the log determines. */
export async function runNemesis(options: NemesisOptions): Promise<NemesisResult> {
  const { seed, count, copies, together, seconds, log } = options;
  const world = await openWorld({
    seed,
    copies,
    actionsPerSecond: ACTIONS_PER_SECOND,
    slatesPerSecond: SLATES_PER_SECOND,
    plant: options.plant,
    onCrash: (name, reason) => log(`${name}: ${reason}`),
  });
  try {
    const waves = drawSchedule(
      createRandom(seed),
      {
        processes: world.members.map(({ name }) => name),
        connections: [...world.proxies.keys()].filter((name) => !name.startsWith('>')),
        balancers: [...world.proxies.keys()].filter((name) => name.startsWith('>')),
      },
      { count, together, seconds, kinds: options.kinds },
    );
    await recovered(world, 'before');
    const differences: string[] = [];
    const times: number[] = [];
    for (const [number, wave] of waves.entries()) {
      const outcome = await runWave(world, wave, number, log);
      differences.push(...outcome.differences);
      times.push(...wave.map(() => outcome.recoverySeconds));
      // What has not recovered would only be reported again.
      if (!outcome.hasRecovered) break;
    }
    const found = await settleAndCompare(world);
    return {
      ...found,
      faults: times.length,
      differences: [...differences, ...found.differences],
      ...world.fleet.counts,
      recoverySeconds: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
      acknowledged: world.load.acknowledged.length,
      kinds: countKinds(waves.flat()),
    };
  } finally {
    await world.close();
  }
}

interface WaveOutcome {
  readonly differences: string[];
  readonly recoverySeconds: number;
  readonly hasRecovered: boolean;
}

async function runWave(
  world: NemesisWorld,
  wave: readonly NemesisFault[],
  number: number,
  log: (line: string) => void,
): Promise<WaveOutcome> {
  await keepRedisCopy(world);
  const names = wave.map(describe).join(', ');
  log(`wave ${number + 1}: ${names}`);
  const outcomes = await Promise.all(wave.map((fault) => applyFault(fault, world)));
  const differences = outcomes.filter((outcome) => outcome !== undefined);
  const endedAt = performance.now();
  let hasRecovered = true;
  await recovered(world, String(number)).catch((error: Error) => {
    differences.push(`after wave ${number + 1} (${names}): ${error.message}`);
    hasRecovered = false;
  });
  const recoverySeconds = Math.round((performance.now() - endedAt) / 100) / 10;
  log(`  recovered after ${recoverySeconds} s`);
  return { differences, recoverySeconds, hasRecovered };
}

function describe({ kind, target, durationMs }: NemesisFault): string {
  return `${kind} ${target}${durationMs > 0 ? ` ${durationMs / 1_000} s` : ''}`;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function countKinds(faults: readonly NemesisFault[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of faults) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
