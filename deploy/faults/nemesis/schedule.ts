import type { Random } from '#algorithms/random.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';

/** A fault, with times in milliseconds. */
export interface NemesisFault {
  readonly kind: FaultKind;
  /** The process, connection or server that it hurts. */
  readonly target: string;
  /** From the begin of its wave. */
  readonly startMs: number;
  /** How long it lasts; 0 for one that happens at once. */
  readonly durationMs: number;
  /** Size of a delay, or shift of a clock. */
  readonly amountMs: number;
}

export type FaultKind =
  | 'kill'
  | 'stop'
  | 'term'
  | 'clock'
  | 'cut'
  | 'delay'
  | 'black-hole'
  | 'lose-answers'
  | 'refuse'
  | 'redis-stall'
  | 'redis-restart'
  | 'redis-empty'
  | 'redis-older'
  | 'kafka-stall'
  | 'kafka-kill'
  | 'flip';

export interface Targets {
  readonly processes: readonly string[];
  /** Names of proxies between a process and a server. */
  readonly connections: readonly string[];
  /** Names of proxies before the processes of a stage. */
  readonly balancers: readonly string[];
}

/** Bounds of a schedule. */
export interface ScheduleOptions {
  readonly count: number;
  /** Most faults that overlap. */
  readonly together: number;
  /** Seconds that a fault may last, the most frequent first. */
  readonly seconds: readonly number[];
  /** Kinds to draw from. Default: all. */
  readonly kinds?: readonly string[] | undefined;
}

/** Time within which the faults of a wave begin, in milliseconds. */
const SPREAD_MS = 6_000;

interface KindRow {
  readonly kind: FaultKind;
  readonly weight: number;
  readonly on: 'processes' | 'connections' | 'links' | 'redis' | 'kafka' | 'releases';
  readonly lasts: boolean;
}

const KINDS: readonly KindRow[] = [
  { kind: 'kill', weight: 16, on: 'processes', lasts: false },
  { kind: 'stop', weight: 16, on: 'processes', lasts: true },
  { kind: 'term', weight: 8, on: 'processes', lasts: false },
  { kind: 'clock', weight: 5, on: 'processes', lasts: false },
  { kind: 'cut', weight: 9, on: 'links', lasts: false },
  { kind: 'delay', weight: 7, on: 'links', lasts: true },
  { kind: 'black-hole', weight: 9, on: 'connections', lasts: true },
  { kind: 'lose-answers', weight: 9, on: 'links', lasts: true },
  { kind: 'refuse', weight: 5, on: 'connections', lasts: true },
  { kind: 'redis-stall', weight: 3, on: 'redis', lasts: true },
  { kind: 'redis-restart', weight: 3, on: 'redis', lasts: true },
  { kind: 'redis-empty', weight: 4, on: 'redis', lasts: false },
  { kind: 'redis-older', weight: 4, on: 'redis', lasts: true },
  { kind: 'kafka-stall', weight: 2, on: 'kafka', lasts: true },
  { kind: 'kafka-kill', weight: 2, on: 'kafka', lasts: true },
  { kind: 'flip', weight: 3, on: 'releases', lasts: false },
];

/**
 * Draws waves of faults. The faults of a wave overlap, and no two of them have one target; between two waves everything
 * recovers. The same seed gives the same waves.
 */
export function drawSchedule(random: Random, targets: Targets, options: ScheduleOptions): NemesisFault[][] {
  const kinds = KINDS.filter(({ kind }) => options.kinds?.includes(kind) ?? true);
  if (kinds.length === 0) {
    const known = KINDS.map(({ kind }) => kind).join(', ');
    throw new SetupError(`No kind of fault is ${options.kinds?.join(', ')}`, `The kinds are ${known}`);
  }
  const waves: NemesisFault[][] = [];
  for (let left = options.count; left > 0; ) {
    const size = Math.min(left, 1 + random.integer(options.together));
    const wave: NemesisFault[] = [];
    const taken = new Set<string>();
    for (let draw = 0; draw < size; draw++) {
      const fault = drawFault(random, kinds, targets, options);
      // A second fault of one target is left to a later wave.
      if (taken.has(fault.target)) continue;
      taken.add(fault.target);
      wave.push(fault);
    }
    waves.push(wave);
    left -= wave.length;
  }
  return waves;
}

function drawFault(
  random: Random,
  kinds: readonly KindRow[],
  targets: Targets,
  { seconds }: ScheduleOptions,
): NemesisFault {
  const { kind, on, lasts } = drawKind(random, kinds);
  const among: Record<KindRow['on'], readonly string[]> = {
    processes: targets.processes,
    connections: targets.connections,
    links: [...targets.connections, ...targets.balancers],
    redis: ['redis'],
    kafka: ['kafka'],
    releases: ['releases'],
  };
  const names = among[on];
  // A shorter time is more frequent than the next longer one.
  let length = 0;
  while (length < seconds.length - 1 && random.next() < 0.35) length++;
  return {
    kind,
    target: names[random.integer(names.length)]!,
    startMs: random.integer(SPREAD_MS),
    durationMs: lasts ? seconds[length]! * 1_000 : 0,
    amountMs: kind === 'clock' ? 1_000 * (random.integer(121) - 60) : 50 + random.integer(1_500),
  };
}

function drawKind(random: Random, kinds: readonly KindRow[]): KindRow {
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  let at = random.next() * total;
  for (const row of kinds) {
    at -= row.weight;
    if (at < 0) return row;
  }
  return kinds.at(-1)!;
}
