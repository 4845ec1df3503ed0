import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.mjs';
import { FLAGS } from './hnswlib.mjs';
import { targetDigest } from './native.mjs';

/** The peer of Ward's clustering in benches. It needs Python 3.11 or newer. */
export const scipy = peer('scipy', ['scipy==1.16.3', 'numpy==2.3.5']);

/** The peer of the index in benches: the same C++ with the same flags, called from Python. */
export const pythonHnswlib = peer('hnswlib', ['numpy==2.3.5'], {
  library: 'hnswlib==0.8.0',
  tools: ['setuptools==80.9.0', 'wheel==0.45.1', 'pybind11==3.0.1'],
});

/** The producer of the examples in Python. */
export const confluentKafka = peer('confluent-kafka', ['confluent-kafka==2.16.1', 'fastavro==1.13.1']);

/** Alternating least squares, the peer of the evaluation of new items. */
export const implicit = peer('implicit', ['implicit==0.7.3', 'numpy==2.3.5', 'scipy==1.16.3']);

/** The peers of PinSage's training in benches. DGL and PyTorch work together in these versions only. */
export const dgl = peer('dgl', [
  'dgl==2.1.0',
  'torch==2.2.1',
  'torchdata==0.7.1',
  'numpy==1.26.4',
  'pandas==2.3.3',
  'pydantic==2.14.4',
  'pyyaml==6.0.4',
  'setuptools==69.5.1',
]);

/** Generates requests from /openapi.json (`npm run test:api`). */
export const schemathesis = peer('schemathesis', ['schemathesis==4.32.5']);

/**
 * The reference of off-policy evaluation, and the peer of the bandit: the Open Bandit Pipeline without its neural learners and plots, whose
 * libraries need gigabytes, and Vowpal Wabbit.
 */
export const obp = peer(
  'obp',
  [
    'vowpalwabbit==9.11.9',
    'numpy==1.26.4',
    'scipy==1.13.1',
    'scikit-learn==1.4.2',
    'pandas==2.2.3',
    'pyyaml==6.0.4',
    'tqdm==4.70.1',
  ],
  undefined,
  ['sb-obp==0.5.10'],
);

/**
 * A Python library that a bench measures against, in a virtual environment of its own.
 *
 * @param {string} name
 * @param {string[]} wheels requirements that are installed as published
 * @param {{ library: string, tools: string[] }} [source] a library that is compiled for this processor, and its build
 *   tools
 * @param {string[]} [alone] requirements that are installed as published, without what they depend on
 */
function peer(name, wheels, source, alone = []) {
  const requirements = source ? [source.library, ...wheels] : [...alone, ...wheels];
  const target = source ? `-${targetDigest(FLAGS)}` : '';
  const cached = `peer-${requirements.join('-').replaceAll('==', '-')}${target}`;
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
          task: 'create a virtual environment',
          folder,
          retry: 'Install Python 3.11 or newer with venv (Debian: apt-get install python3-venv)',
        });
        // The complete environment is renamed. Its python finds its libraries relative to its own path.
        const python = join(folder, 'bin', 'python');
        const install = ['-m', 'pip', 'install', '--quiet', '--no-cache-dir'];
        const published = [...wheels, ...(source?.tools ?? [])];
        await run(python, [...install, '--only-binary=:all:', ...published], {
          task: `install ${published.join(' and ')} with pip`,
          folder,
        });
        if (alone.length > 0)
          await run(python, [...install, '--only-binary=:all:', '--no-deps', ...alone], {
            task: `install ${alone.join(' and ')} with pip`,
            folder,
          });
        if (!source) return;
        const compile = ['--no-deps', '--no-build-isolation', `--no-binary=${name}`];
        await run(python, [...install, ...compile, source.library], {
          task: `compile ${source.library} with pip`,
          folder,
          env: { CFLAGS: FLAGS },
          retry: 'Install a C++ compiler and the headers of Python (Debian: apt-get install g++ python3-dev)',
        });
      });
    },
  };
}
