import { memoryBytes } from '../local/memory.ts';

/** A process that is watched together with its descendants. */
export interface WatchedProcess {
  readonly name: string;
  readonly pid: number;
}

/** Proportional memory (PSS), sampled from outside. */
export interface MemoryWatch {
  /** Maximum of all processes together between two times (ms since the epoch), in MiB. */
  peakBetween(from: number, to: number): number;
  /** Maximum of each process since the watch began, in MiB. */
  readonly peaks: Readonly<Record<string, number>>;
  stop(): void;
}

export interface Sample {
  readonly at: number;
  readonly mib: number;
}

const INTERVAL_MS = 500;

/**
 * Watches processes, which may change meanwhile. Throws without /proc.
 * @param everyMs time between two samples; one of a process with many GB takes a tenth of a second and more
 */
export function watchMemory(
  processes: () => readonly WatchedProcess[],
  everyMs: number = INTERVAL_MS,
): MemoryWatch {
  const samples: Sample[] = [];
  const peaks: Record<string, number> = {};
  const sample = () => {
    let mib = 0;
    for (const { name, pid } of processes()) {
      const bytes = memoryBytes(pid);
      if (bytes === undefined) throw new Error('Memory can only be measured on systems with /proc');
      peaks[name] = Math.max(peaks[name] ?? 0, bytes / 2 ** 20);
      mib += bytes / 2 ** 20;
    }
    samples.push({ at: Date.now(), mib });
  };
  sample();
  const timer = setInterval(sample, everyMs);
  return {
    peaks,
    peakBetween: (from, to) => peakOf(samples, from, to),
    stop: () => clearInterval(timer),
  };
}

/** Maximum of the samples between two times; the last one before counts too, since a short period may contain none. */
export function peakOf(samples: readonly Sample[], from: number, to: number): number {
  const before = samples.findLast(({ at }) => at <= from);
  const within = samples.filter(({ at }) => at > from && at <= to);
  return Math.max(before?.mib ?? 0, ...within.map(({ mib }) => mib));
}
