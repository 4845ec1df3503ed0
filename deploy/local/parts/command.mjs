import { spawn } from 'node:child_process';
import { diskFull, meansDiskFull, SetupError } from './setup-error.mjs';

/** Package to install if a command is missing, by command. */
const INSTALL = {
  npm: 'Install Node.js with npm',
  mvn: 'Install Maven (Debian: apt-get install maven)',
  python3: 'Install Python 3 with pip (Debian: apt-get install python3-pip)',
  'g++': 'Install a C++ compiler (Debian: apt-get install g++)',
  tar: 'Install tar',
  go: 'Install Go 1.26 or newer',
};

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Runs a command to its end and returns its standard output.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ task: string, folder: string, env: Record<string, string | undefined>, cwd?: string, retry?: string }} options
 *   `task` completes "could not …", `folder` is named if the disk is full, `retry` replaces the usual advice
 * @returns {Promise<string>}
 * @throws {SetupError} if the command is missing, runs out of disk, or fails
 */
export async function run(command, args, { task, folder, env, cwd, retry }) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  let printed = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    printed = (printed + chunk).slice(-100_000);
  });
  child.stderr.on('data', (chunk) => {
    printed = (printed + chunk).slice(-100_000);
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  })
    .catch((error) => {
      if (error.code === 'ENOENT') throw missingCommand(command, task);
      throw error;
    })
    .finally(() => running.delete(child));
  if (code === 0) return output;
  if (meansDiskFull(printed)) throw diskFull(folder);
  if (/No module named ['"]?pip/.test(printed)) throw missingCommand('python3', task);
  throw new SetupError(
    `could not ${task}: ${reasonIn(printed)}`,
    retry ?? 'Check the network and run this again',
  );
}

function missingCommand(command, task) {
  return new SetupError(
    `${command} was not found, and it is needed to ${task}`,
    INSTALL[command] ?? `Install ${command}`,
  );
}

/** Returns the most informative line: the first that mentions an error, else the last one. */
function reasonIn(printed) {
  const lines = printed
    // Build tools colour their output even if it is a pipe.
    .replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const line = lines.find((text) => /\berror\b|^E:/i.test(text)) ?? lines.at(-1) ?? 'it printed nothing';
  return line.replace(/[.\s]+$/, '').slice(0, 300);
}
