import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { SetupError } from './parts/setup-error.mjs';

/** Variables of all ports that another Tributary on this machine holds too. */
const PORT_VARIABLES = [
  'TRIBUTARY_KAFKA_PORT',
  'TRIBUTARY_REGISTRY_PORT',
  'TRIBUTARY_REDIS_PORT',
  'TRIBUTARY_GATEWAY_PORT',
];

/** A port of 127.0.0.1 on which a program already listens. */
export class PortInUseError extends SetupError {
  override readonly name = 'PortInUseError';

  constructor(port: number, owner: string, variable: string) {
    super(
      `Port ${port}, meant for ${owner}, is already in use`,
      `Stop the program that listens there, or set ${variable} to a free port. If that program is another Tributary, its other ` +
        `ports are in use too: set all of ${PORT_VARIABLES.join(', ')}`,
    );
  }
}

/**
 * Below the range from which Linux assigns ports to outgoing connections, so that none of these takes the port
 * meanwhile.
 */
const FREE_PORTS = { from: 20_000, to: 32_000 };

/** Ports that this process has reserved. */
const reserved = new Set<number>();

/**
 * Chooses a random port of 127.0.0.1 on which nothing listens now, and reserves it as long as this process runs: no later
 * call returns it, in this process or, on Linux, in another one, although nobody may listen on it for a while.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.to);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
}

/** Returns false if the port is reserved already. A reservation is an abstract socket, which ends with its process. */
async function reserve(port: number): Promise<boolean> {
  if (reserved.has(port)) return false;
  reserved.add(port);
  if (process.platform !== 'linux') return true;
  const server = createServer();
  // A reservation must not keep a process running that has nothing else to do.
  server.unref();
  return canListen(server, { path: `\0tributary/port/${port}` });
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

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  if (!(await canListen(server, { port, host: '127.0.0.1' }))) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** Returns false if another socket listens at the address. */
function canListen(server: Server, address: ListenOptions): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(address, () => resolve(true));
  });
}
