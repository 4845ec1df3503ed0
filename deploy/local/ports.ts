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

/** @returns a port of 127.0.0.1 that nothing listens on now */
export async function freePort(): Promise<number> {
  const port = await tryListen(0);
  return port!;
}

/** `wanted` if nothing listens on it, or any free port when it is undefined. `owner` and `variable` go into the error. */
export async function claimPort(
  wanted: number | undefined,
  owner: string,
  variable: string,
): Promise<number> {
  if (wanted === undefined) return freePort();
  if ((await tryListen(wanted)) === undefined) throw new PortInUseError(wanted, owner, variable);
  return wanted;
}

function tryListen(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const listening = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(listening));
    });
  });
}
