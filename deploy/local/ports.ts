import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SetupError } from './parts/setup-error.mjs';

/** A port of 127.0.0.1 on which something listens already. */
export class PortInUseError extends SetupError {
  override readonly name = 'PortInUseError';

  constructor(port: number, owner: string, variable: string) {
    super(
      `Port ${port}, meant for ${owner}, is already in use`,
      `Stop what listens there, or set ${variable} to a free port`,
    );
  }
}

/** Below the range from which Linux takes the ports of outgoing connections: those cannot take one in between. */
const FREE_PORTS = { from: 20_000, to: 32_000 };

/** @returns a random port of 127.0.0.1 that nothing listens on now */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.to);
    if (await isFree(port)) return port;
  }
}

/** `wanted` if nothing listens on it, or any free port when it is undefined. `owner` and `variable` go into the error. */
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
