import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bringParts } from '../local/parts.mjs';

/** A Python process that answers one line of JSON with one. */
export interface PythonPeer {
  /** Rejects if the process exits without an answer. One request at a time. */
  ask<Answer>(question: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * Starts a peer written in Python in the virtual environment of its library.
 *
 * @param script its file, beside this one or as a URL
 * @param env added to this process's own environment
 * @throws Error with one sentence if the library cannot be installed
 */
export async function startPythonPeer(
  part: `peer:${'scipy' | 'hnswlib' | 'dgl' | 'obp' | 'implicit'}`,
  script: string | URL,
  env: Readonly<Record<string, string>> = {},
): Promise<PythonPeer> {
  const { [part]: location } = await bringParts([part], { quiet: true });
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(location!.python, [file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<Answer>(question: unknown) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended without an answer (${await ended})`);
      return JSON.parse(value) as Answer;
    },
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.stdin?.end();
  await ended;
}
