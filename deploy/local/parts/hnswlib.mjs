import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.mjs';
import { nodeHeaders, packageVersion, targetDigest } from './native.mjs';

// Compiled for this processor, hnswlib builds and searches 1.6 times faster than with the package's own flags.
export const FLAGS = '-O3 -march=native';

export const hnswlib = {
  name: 'hnswlib',
  does: 'hnswlib-node, compiled for this processor',
  needs: ['packages'],

  locate({ project, env }) {
    const { addon, key } = installed(project);
    const current =
      existsSync(addon) && existsSync(key) && readFileSync(key, 'utf8') === buildName(project, env);
    return current ? { addon } : undefined;
  },

  async bring({ project, env, cache, run }) {
    const name = buildName(project, env);
    const built = join(cache, name, 'addon.node');
    if (!existsSync(built)) {
      await fillOnce(cache, name, (folder) => compile(project, env, run, join(folder, 'addon.node')));
    }
    const { folder, addon, key } = installed(project);
    mkdirSync(folder, { recursive: true });
    copyFileSync(built, `${addon}.new`);
    renameSync(`${addon}.new`, addon);
    writeFileSync(key, name);
  },
};

function installed(project) {
  const folder = join(project, 'node_modules', 'hnswlib-node', 'build', 'Release');
  return { folder, addon: join(folder, 'addon.node'), key: join(folder, 'addon.key') };
}

/** An addon fits one package version, one source file of ours, one set of flags and one processor model. */
function buildName(project, env) {
  const version = packageVersion(project, 'hnswlib-node');
  const source = createHash('sha256')
    .update(readFileSync(sourceIn(project)))
    .digest('hex')
    .slice(0, 12);
  return `hnswlib-node-${version}-${source}-${targetDigest(env.CXXFLAGS || FLAGS)}`;
}

/** Includes the one translation unit of the package, and adds calls that accept typed arrays. */
function sourceIn(project) {
  return join(project, 'services', 'index', 'graph', 'native', 'typed-arrays.cc');
}

/** Compiles with the definitions of the package's binding.gyp; node-gyp would download headers. */
function compile(project, env, run, addon) {
  const modules = join(project, 'node_modules');
  return run(
    'g++',
    [
      '-std=c++17',
      ...(env.CXXFLAGS || FLAGS).split(/\s+/),
      '-fPIC',
      '-shared',
      '-DNAPI_DISABLE_CPP_EXCEPTIONS',
      '-DNODE_GYP_MODULE_NAME=addon',
      '-DBUILDING_NODE_EXTENSION',
      `-I${nodeHeaders(project, env)}`,
      `-I${join(modules, 'node-addon-api')}`,
      `-I${modules}`,
      sourceIn(project),
      '-o',
      addon,
    ],
    {
      task: 'compile hnswlib-node',
      folder: modules,
      retry: 'Update the C++ compiler (GCC 9 or newer is required)',
    },
  );
}
