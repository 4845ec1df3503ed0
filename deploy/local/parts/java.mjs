import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/**
 * The newest Java of this machine, looked for in JAVA_HOME, on PATH and in /usr/lib/jvm.
 *
 * @param {number} minimum the oldest major version that will do
 * @param {string} installed where the system's package manager puts each Java
 * @returns {{ java: string, home: string, major: number }}
 * @throws {SetupError} when there is none
 */
export function findJava(env, minimum, installed = '/usr/lib/jvm') {
  const found = homes(env, installed)
    .map((home) => ({ home, java: join(home, 'bin', 'java'), major: majorVersion(home) }))
    .filter(({ java }) => existsSync(java))
    .sort((a, b) => b.major - a.major);
  const newest = found[0];
  if (newest && newest.major >= minimum) return newest;
  throw new SetupError(
    newest
      ? `Java ${minimum} is needed and only Java ${newest.major} was found`
      : `Java ${minimum} or newer was not found`,
    `Install it (Debian: apt-get install openjdk-${minimum}-jre-headless) or set JAVA_HOME to where it is`,
  );
}

function homes(env, installed) {
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'java'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(dirname(realpathSync(file))));
  const packaged = existsSync(installed) ? readdirSync(installed).map((name) => join(installed, name)) : [];
  return [env.JAVA_HOME, ...onPath, ...packaged].filter(Boolean);
}

/** Every JDK since 9 states its version in the file `release`; reading it is faster than starting a JVM. */
function majorVersion(home) {
  const release = join(home, 'release');
  if (!existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1] ?? 0);
}
