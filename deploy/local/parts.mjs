import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './parts/cache.mjs';
import { run } from './parts/command.mjs';
import { completejourney, movielens } from './parts/datasets.mjs';
import { helm, kubernetesSchemas, kubeScore, kustomize, promtool } from './parts/go-tools.mjs';
import { hnswlib } from './parts/hnswlib.mjs';
import { kafka } from './parts/kafka.mjs';
import { packages } from './parts/packages.mjs';
import { confluentKafka, dgl, implicit, obp, pythonHnswlib, schemathesis, scipy } from './parts/peers.mjs';
import { createProgress } from './parts/progress.mjs';
import { redis } from './parts/redis.mjs';
import { registry } from './parts/registry.mjs';
import { asSetupError, SetupError } from './parts/setup-error.mjs';
import { strimzi } from './parts/strimzi.mjs';
import { libtensorflow, tensorflow } from './parts/tensorflow.mjs';

/** The root folder of the project. */
export const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

// Each part has `locate`, which checks quickly and returns the part if it is installed, and `bring`, which installs
// it.
const PARTS = [
  packages,
  hnswlib,
  libtensorflow,
  tensorflow,
  kafka,
  registry,
  redis,
  completejourney,
  movielens,
  scipy,
  implicit,
  pythonHnswlib,
  dgl,
  schemathesis,
  obp,
  confluentKafka,
  kustomize,
  helm,
  kubeScore,
  promtool,
  kubernetesSchemas,
  strimzi,
];
const BY_NAME = new Map(PARTS.map((part) => [part.name, part]));

/** All parts that the project needs to run; data sets, the peers of benches and the tools of Kubernetes are installed on request only. */
export const DEFAULT_PARTS = ['packages', 'hnswlib', 'tensorflow', 'kafka', 'registry', 'redis'];

/**
 * Installs the named parts and their dependencies, in parallel where possible, and returns the location of each named
 * part (`undefined` for a part that an address in the environment replaces).
 * @throws {SetupError} with one sentence for the first part that fails
 */
export async function bringParts(names, { env = process.env, quiet = false } = {}) {
  const cache = cacheFolder(env);
  const progress = createProgress({ stream: process.stderr, quiet });
  const tools = {
    project: PROJECT,
    env,
    cache,
    run: (command, args, options) => run(command, args, { ...options, env: { ...env, ...options.env } }),
  };
  const started = new Map();

  const bring = (name) => {
    if (!started.has(name)) started.set(name, bringPart(partNamed(name)));
    return started.get(name);
  };

  const bringPart = async (part) => {
    await Promise.all(part.needs.map(bring));
    try {
      return await provide(part, tools, progress);
    } catch (error) {
      const known = asSetupError(error, cache);
      throw known instanceof SetupError ? known.of(part) : known;
    }
  };

  try {
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await bring(name)])));
  } finally {
    progress.stop();
  }
}

async function provide(part, tools, progress) {
  if (part.replacedBy && tools.env[part.replacedBy]) {
    progress.end(part, `replaced by ${part.replacedBy}`);
    return undefined;
  }
  progress.begin(part.name);
  const there = part.locate(tools);
  if (there) {
    progress.end(part, 'ready');
    return there;
  }
  await part.bring(tools);
  progress.end(part);
  return part.locate(tools);
}

function partNamed(name) {
  const part = BY_NAME.get(name);
  if (!part)
    throw new SetupError(`There is no part "${name}"`, `The parts are ${[...BY_NAME.keys()].join(', ')}`);
  return part;
}
