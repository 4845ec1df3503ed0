import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** Returns the version of an installed npm package. */
export function packageVersion(project, name) {
  return JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/**
 * Returns the folder with `node_api.h`. Both addons use Node-API only, which is stable across Node versions, so the
 * headers of any Node ≥ 18 are sufficient.
 */
export function nodeHeaders(project, env) {
  const prefixes = [
    join(project, 'node_modules', `node-${process.platform}-${process.arch}`),
    env.npm_config_nodedir,
    dirname(dirname(process.execPath)),
    '/usr',
  ].filter(Boolean);
  const found = prefixes
    .map((prefix) => join(prefix, 'include', 'node'))
    .find((it) => existsSync(join(it, 'node_api.h')));
  if (found) return found;
  throw new SetupError(
    'the header files of Node were not found',
    'Install them (Debian: apt-get install libnode-dev) or set npm_config_nodedir to the folder that contains include/node',
  );
}

/**
 * Names the processor of compiled code: code built with -march=native for one processor model does not run on every
 * other.
 */
export function targetDigest(flags) {
  const target = [flags, process.arch, cpus()[0]?.model ?? ''].join('|');
  return createHash('sha256').update(target).digest('hex').slice(0, 12);
}
