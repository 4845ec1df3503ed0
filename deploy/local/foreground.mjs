import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The signals that ask a program to end. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command on this terminal, hands it the signals that arrive here, and returns its exit code (128 + n when
 * signal n ended it). It does not outlive this process.
 */
export async function runForeground(command, args, { cwd, env } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  const end = () => child.kill('SIGTERM');
  for (const signal of SIGNALS) process.on(signal, forward);
  process.on('exit', end);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
    process.off('exit', end);
  }
}
