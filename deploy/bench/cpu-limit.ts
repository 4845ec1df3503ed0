import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../local/parts/setup-error.mjs';

/** Short, so that a process that has used its share up waits for a few milliseconds only. */
const PERIOD_US = 20_000;
const ROOT = '/sys/fs/cgroup';

/** Limits processes to a share of a core each, by control groups of Linux (version 2, or the cpu controller of version 1). */
export interface CpuLimits {
  /** @param cores share of a core, such as .1 */
  limit(pid: number, cores: number): void;
  /** Frees all processes that were limited. */
  close(): void;
}

/** @throws SetupError where this user may not make control groups */
export function createCpuLimits(): CpuLimits {
  const isVersion1 = existsSync(join(ROOT, 'cpu', 'cpu.cfs_quota_us'));
  const parent = isVersion1 ? join(ROOT, 'cpu') : ROOT;
  const own = join(parent, `tributary-bench-${process.pid}`);
  const groups: string[] = [];
  try {
    mkdirSync(own);
    if (!isVersion1) writeFileSync(join(own, 'cgroup.subtree_control'), '+cpu');
  } catch (error) {
    throw new SetupError(
      `Processes cannot be limited to a share of a core: ${(error as Error).message}`,
      'Run this bench on Linux, as a user who may make control groups',
    );
  }
  return {
    limit(pid, cores) {
      const group = join(own, String(pid));
      mkdirSync(group);
      groups.push(group);
      const quota = Math.round(cores * PERIOD_US);
      if (isVersion1) {
        writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
        writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota));
      } else {
        writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
      }
      writeFileSync(join(group, 'cgroup.procs'), String(pid));
    },
    close() {
      for (const group of groups) {
        for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
          writeFileSync(join(parent, 'cgroup.procs'), pid);
        rmdirSync(group);
      }
      rmdirSync(own);
    },
  };
}
