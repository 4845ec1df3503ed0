import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SetupError } from './setup-error.mjs';

/** The folder of installed parts, shared by all clones: `TRIBUTARY_CACHE`, or `~/.cache/tributary`. */
export function cacheFolder(env) {
  return resolve(env.TRIBUTARY_CACHE || join(env.HOME || homedir(), '.cache', 'tributary'));
}

const unfinished = new Set();
process.on('exit', () => {
  for (const folder of unfinished) rmSync(folder, { recursive: true, force: true });
});

/** Fills that this process is running, by path. */
const filling = new Map();

/**
 * Fills `cache/name` in one atomic step: `fill` writes into a temporary folder, which is renamed when it is complete.
 * A folder under its final name is therefore always complete. Concurrent callers in this process share one fill.
 *
 * @param {string} cache
 * @param {string} name
 * @param {(folder: string) => Promise<void>} fill
 */
export function fillOnce(cache, name, fill) {
  const target = join(cache, name);
  const running = filling.get(target) ?? fillNow(cache, name, fill).finally(() => filling.delete(target));
  filling.set(target, running);
  return running;
}

async function fillNow(cache, name, fill) {
  const partial = join(cache, '.partial');
  mkdirSync(partial, { recursive: true });
  removeAbandoned(partial);
  const folder = join(partial, `${name}-${process.pid}`);
  unfinished.add(folder);
  try {
    mkdirSync(folder);
    await fill(folder);
    moveInto(folder, join(cache, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    unfinished.delete(folder);
  }
}

/** Two runs may fill the same name at once: the first to finish wins, and the equal copy of the other is deleted. */
function moveInto(folder, target) {
  try {
    renameSync(folder, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

/** A killed run leaves its temporary folder behind, named after its process. */
function removeAbandoned(partial) {
  for (const entry of readdirSync(partial)) {
    if (!isAlive(Number(entry.split('-').at(-1))))
      rmSync(join(partial, entry), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** @throws {SetupError} when the file's SHA-256 is not the expected one (lower-case hex) */
export async function verifySha256(file, expected) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  refuseMismatch(basename(file), hash.digest('hex'), expected);
}

/** Verifies all files directly in `folder` at once: the SHA-256 of the sorted lines `<sha256>  <name>\n`. */
export async function verifyFolderSha256(folder, expected) {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    const file = createHash('sha256');
    await pipeline(createReadStream(join(folder, name)), file);
    hash.update(`${file.digest('hex')}  ${name}\n`);
  }
  refuseMismatch(`the set of files in ${basename(folder)}`, hash.digest('hex'), expected);
}

function refuseMismatch(what, actual, expected) {
  if (actual === expected) return;
  throw new SetupError(
    `the checksum of ${what} is wrong (sha256 ${actual}, expected ${expected}), so the download was deleted`,
    'Run this again; if it fails again, empty the caches of pip and Maven and check the mirror or proxy',
  );
}
