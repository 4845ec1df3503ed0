import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.mjs';
import { nodeHeaders, packageVersion } from './native.mjs';
import { SetupError } from './setup-error.mjs';
import { unpackWheel } from './wheel.mjs';

// 2.13 is the newest line whose C API tfjs-node 4.22 compiles against and whose wheel contains libtensorflow_cc.
const WHEEL = {
  name: 'tensorflow-cpu',
  version: '2.13.1',
  sha256: '87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe',
  members:
    /tensorflow\/(libtensorflow_(cc|framework)\.so\.2$|include\/(tensorflow\/c\/|tsl\/c\/|tensorflow\/tsl\/c\/|(tensorflow\/core\/|tensorflow\/tsl\/|tsl\/)platform\/ctstring).*\.h$)/,
  // The wheel is only unpacked, so any Python that has pip may download it.
  pip: [
    ...['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311'],
    ...['--platform', 'manylinux_2_17_x86_64', '--platform', 'manylinux2014_x86_64'],
  ],
};
const LIBRARY = `libtensorflow-${WHEEL.version}`;

/**
 * The shared library and C headers of TensorFlow. tfjs-node's own installer downloads them from a host that is often
 * blocked.
 */
export const libtensorflow = {
  name: 'libtensorflow',
  does: `TensorFlow ${WHEEL.version}, native library`,
  needs: [],

  locate({ cache }) {
    const folder = join(cache, LIBRARY);
    return existsSync(folder) ? { folder } : undefined;
  },

  async bring({ cache, run }) {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new SetupError(
        `the native TensorFlow exists for Linux on x86-64, but this is ${process.platform} on ${process.arch}`,
        'Run it on Linux x86-64',
      );
    }
    await fillOnce(cache, LIBRARY, async (folder) => {
      const download = join(folder, 'download');
      mkdirSync(download);
      await unpackWheel(WHEEL, folder, { run, download });
      rmSync(download, { recursive: true });
      const unpacked = join(folder, 'tensorflow');
      renameSync(join(unpacked, 'include'), join(folder, 'include'));
      renameSync(unpacked, join(folder, 'lib'));
      // The file names that the linker searches for.
      symlinkSync('libtensorflow_cc.so.2', join(folder, 'lib', 'libtensorflow.so'));
      symlinkSync('libtensorflow_framework.so.2', join(folder, 'lib', 'libtensorflow_framework.so'));
    });
  },
};

/** tfjs-node's addon, compiled against that library and copied to the path where the package loads it from. */
export const tensorflow = {
  name: 'tensorflow',
  does: 'tfjs-node, compiled against it',
  needs: ['packages', 'libtensorflow'],

  locate({ project, cache }) {
    const { addon, library } = installed(project);
    const current = existsSync(addon) && linkTarget(library) === join(cache, LIBRARY);
    return current ? { addon } : undefined;
  },

  async bring({ project, env, cache, run }) {
    const name = `tfjs-node-${packageVersion(project, '@tensorflow/tfjs-node')}-${LIBRARY}`;
    const built = join(cache, name, 'tfjs_binding.node');
    if (!existsSync(built)) {
      await fillOnce(cache, name, (folder) =>
        compile(project, env, cache, run, join(folder, 'tfjs_binding.node')),
      );
    }
    const { folder, addon, library } = installed(project);
    rmSync(library, { recursive: true, force: true });
    symlinkSync(join(cache, LIBRARY), library);
    mkdirSync(folder, { recursive: true });
    copyFileSync(built, `${addon}.new`);
    renameSync(`${addon}.new`, addon);
  },
};

function installed(project) {
  const root = join(project, 'node_modules', '@tensorflow', 'tfjs-node');
  const folder = join(root, 'lib', 'napi-v8');
  return { folder, addon: join(folder, 'tfjs_binding.node'), library: join(root, 'deps') };
}

function linkTarget(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

function compile(project, env, cache, run, addon) {
  const binding = join(project, 'node_modules', '@tensorflow', 'tfjs-node', 'binding');
  const sources = readdirSync(binding).filter((file) => file.endsWith('.cc'));
  return run(
    'g++',
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', '-fno-rtti', '-fno-exceptions'],
      ...['-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION'],
      `-I${nodeHeaders(project, env)}`,
      `-I${join(cache, LIBRARY, 'include')}`,
      ...sources.map((file) => join(binding, file)),
      ...['-o', addon],
      ...[`-L${join(cache, LIBRARY, 'lib')}`, '-ltensorflow', '-ltensorflow_framework'],
      // The package's layout: its folder `deps` is a link to the library.
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    {
      task: 'compile tfjs-node',
      folder: cache,
      retry: 'Update the C++ compiler (GCC 9 or newer is required)',
    },
  );
}
