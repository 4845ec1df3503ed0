import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SetupError } from './parts/setup-error.mjs';

/** A port of 127.0.0.1 on which a program already listens. */
export class PortInUseError extends SetupError {
  override readonly name = 'PortInUseError';

  constructor(port: number, owner: string, variable: string) {
    super(
      `Port ${port}, meant for ${owner}, is already in use`,
      `Stop the program that listens there, or set ${variable} to a free port`,
    );
  }
}

/**
 * Below the range from which Linux assigns ports to outgoing connections, so that none of these takes the port
 * meanwhile.
 */
const FREE_PORTS = { from: 20_000, to: 32_000 };

/** @returns a random port of 127.0.0.1 on which nothing listens now */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.to);
    if (await isFree(port)) return port;
  }
}

/**
 * Returns `wanted` if nothing listens on it, or any free port if it is undefined. `owner` and `variable` are named in
 * the error.
 */
export async function claimPort(
  wanted: number | undefined,
  owner: string,
  variable: string,
): Promise<number> {
  if (wanted === undefined) return freePort();
  if (!(await isFree(wanted))) throw new PortInUseError(wanted, owner, variable);
  return wanted;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
