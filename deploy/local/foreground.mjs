import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The signals that end a program. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command on this terminal, forwards the signals that this process receives, and returns its exit code (128 +
 * n if signal n ended it). The command does not outlive this process.
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
