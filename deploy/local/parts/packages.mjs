import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

export const packages = {
  name: 'packages',
  does: 'npm packages, as locked',
  needs: [],

  /** npm writes `node_modules/.package-lock.json` last; the file then lists the installed packages. */
  locate({ project }) {
    const installedList = join(project, 'node_modules', '.package-lock.json');
    if (!existsSync(installedList)) return undefined;
    const locked = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')).packages;
    const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages;
    const complete = Object.entries(locked).every(
      ([path, entry]) =>
        path === '' ||
        installed[path]?.integrity === entry.integrity ||
        (!installed[path] && isForeign(entry)),
    );
    return complete ? { folder: join(project, 'node_modules') } : undefined;
  },

  async bring({ project, run }) {
    // No install script runs: the parts `hnswlib` and `tensorflow` build the native packages.
    await run(
      'npm',
      [
        'ci',
        '--include=dev',
        '--include=optional',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ],
      {
        task: 'install the npm packages',
        folder: project,
        cwd: project,
      },
    );
    linkProgram(project);
  },
};

/** npm links the programs of dependencies only; with this one `npx tributary` starts at once. */
function linkProgram(project) {
  const link = join(project, 'node_modules', '.bin', 'tributary');
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'deploy', 'program', 'tributary.mjs'), link);
}

/** A locked optional package for another system or processor, which npm correctly leaves out. */
function isForeign({ optional, os, cpu, libc }) {
  if (!optional) return false;
  return (os && !os.includes(process.platform)) || (cpu && !cpu.includes(process.arch)) || Boolean(libc);
}
