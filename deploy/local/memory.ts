import { readdirSync, readFileSync } from 'node:fs';

export interface MemorySampler {
  /**
   * Largest sum of proportional memory (PSS), in MiB: a page shared by n processes counts 1/n in each. Null without
   * /proc.
   */
  readonly peakMiB: number | null;
  stop(): void;
}

/** Samples a process and all its descendants once a second. */
export function sampleMemory(rootPid: number): MemorySampler {
  let peak: number | null = null;
  const sample = () => {
    const bytes = memoryBytes(rootPid);
    if (bytes !== undefined) peak = Math.max(peak ?? 0, bytes / 2 ** 20);
  };
  sample();
  const timer = setInterval(sample, 1_000).unref();
  return {
    get peakMiB() {
      return peak === null ? null : Math.round(peak);
    },
    stop: () => clearInterval(timer),
  };
}

/** Returns the proportional memory, in bytes, of a process and its descendants; undefined without /proc. */
export function memoryBytes(rootPid: number): number | undefined {
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const children = new Map<number, number[]>();
  for (const pid of pids) {
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const tree = [rootPid];
  for (let index = 0; index < tree.length; index++) tree.push(...(children.get(tree[index]!) ?? []));
  return tree.reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}

/**
 * The name in parentheses may itself contain blanks and parentheses, so fields are counted from its last parenthesis.
 */
function parentOf(pid: string): number | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function proportionalBytes(pid: number): number {
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return Number(kibibytes ?? 0) * 1_024;
}

/** Returns undefined for a process that has just ended. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
