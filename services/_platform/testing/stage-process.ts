import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait-for.ts';

/** A stage in a process of its own, as in production. */
export interface StageProcess {
  /** Base address of its HTTP server. */
  readonly url: string;
  /** Sends the signal and resolves with the exit code, or null after a kill. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts `services/<name>/main.ts` on a free port and resolves when `/readyz` answers 200.
 * @throws Error with the stage's output if it exits before that
 */
export async function startStageProcess(
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<StageProcess> {
  const main = fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, TRIBUTARY_STAGE_PORT: '0', TRIBUTARY_LOG_LEVEL: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await listeningAddress(name, child);
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, { message: `${name} is ready` });
  return {
    url,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return child.exitCode;
    },
  };
}

/**
 * Reads the address from the stage's own log line; later output is read and discarded, so that the stage never
 * blocks.
 */
function listeningAddress(name: string, child: ChildProcess): Promise<string> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const address = /"address":"([^"]+)"/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      });
    }
    child.once('exit', (code) => reject(new Error(`${name} exited with ${code}:\n${lines.join('\n')}`)));
  });
}
