import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.mjs';

/** What Ward's clustering is measured against. Needs Python 3.11 or newer. */
export const scipy = peer('scipy', ['scipy==1.16.3', 'numpy==2.3.5']);

/** A Python library that a bench measures against, in a virtual environment of its own. */
function peer(name, requirements) {
  const cached = `peer-${requirements.join('-').replaceAll('==', '-')}`;
  return {
    name: `peer:${name}`,
    does: requirements.join(', '),
    needs: [],

    locate({ cache }) {
      const python = join(cache, cached, 'bin', 'python');
      return existsSync(python) ? { python } : undefined;
    },

    async bring({ cache, run }) {
      await fillOnce(cache, cached, async (folder) => {
        await run('python3', ['-m', 'venv', folder], {
          task: 'make a virtual environment',
          folder,
          retry: 'Install Python 3.11 or newer with venv (Debian: apt-get install python3-venv)',
        });
        // The environment is renamed when it is whole. Its python finds its libraries from where it then lies.
        const install = ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--only-binary=:all:'];
        await run(join(folder, 'bin', 'python'), [...install, ...requirements], {
          task: `install ${requirements.join(' and ')} with pip`,
          folder,
        });
      });
    },
  };
}
