import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/**
 * Returns the Java of JAVA_HOME if it is new enough, else the newest one on PATH and in /usr/lib/jvm.
 *
 * @param {number} minimum the oldest accepted major version
 * @param {string} installed the folder in which the system's package manager installs each Java
 * @returns {{ java: string, home: string, major: number }}
 * @throws {SetupError} if no such Java exists
 */
export function findJava(env, minimum, installed = '/usr/lib/jvm') {
  const chosen = env.JAVA_HOME ? inspect([env.JAVA_HOME]) : [];
  const others = inspect(homes(env, installed)).sort((a, b) => b.major - a.major);
  const sufficient = [...chosen, ...others].find(({ major }) => major >= minimum);
  if (sufficient) return sufficient;
  const newest = others[0] ?? chosen[0];
  throw new SetupError(
    newest
      ? `Java ${minimum} is required, but only Java ${newest.major} was found`
      : `Java ${minimum} or newer was not found`,
    `Install it (Debian: apt-get install openjdk-${minimum}-jre-headless) or set JAVA_HOME to its folder`,
  );
}

function inspect(candidates) {
  return candidates
    .map((home) => ({ home, java: join(home, 'bin', 'java'), major: majorVersion(home) }))
    .filter(({ java }) => existsSync(java));
}

function homes(env, installed) {
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'java'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(dirname(realpathSync(file))));
  const packaged = existsSync(installed) ? readdirSync(installed).map((name) => join(installed, name)) : [];
  return [...onPath, ...packaged];
}

/** Every JDK since 9 states its version in the file `release`; reading it is faster than starting a JVM. */
function majorVersion(home) {
  const release = join(home, 'release');
  if (!existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1] ?? 0);
}
