import { connect, createServer, type Socket } from 'node:net';

/**
 * What a proxy does to the bytes of its connections:
 * - pass: nothing
 * - delay: each chunk arrives later, in either direction
 * - black-hole: everything waits, as while a network is divided; it arrives when the mode ends, also if its sender has left
 * - lose-answers: requests arrive; the answer is dropped, and the connection with it
 * - refuse: connections are closed, and new ones too
 */
export type ProxyMode =
  | { readonly kind: 'pass' | 'black-hole' | 'lose-answers' | 'refuse' }
  | { readonly kind: 'delay'; readonly ms: number };

export interface TcpProxy {
  readonly port: number;
  set(mode: ProxyMode): void;
  /** Resets every connection, and goes on. */
  cut(): void;
  close(): void;
}

/** Bytes that wait in one direction before their sender is told to wait. */
const MAX_QUEUED = 4 * 1_048_576;

interface Chunk {
  /** undefined is the end. */
  readonly bytes: Buffer | undefined;
  readonly dueAt: number;
}

interface Pair {
  advance(): void;
  destroy(): void;
}

/**
 * Forwards TCP connections, and hurts them.
 * @param target returns the port to connect to; undefined if there is none now
 */
export async function startProxy(port: number, target: () => number | undefined): Promise<TcpProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = mode.kind === 'refuse' ? undefined : target();
    if (upstream === undefined) {
      client.on('error', () => undefined);
      client.destroy();
      return;
    }
    pairs.add(
      joinSockets(client, upstream, {
        mode: () => mode,
        onEnd: (pair) => pairs.delete(pair),
      }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const pair of pairs) pair.destroy();
  };
  return {
    port,
    set(next) {
      mode = next;
      if (mode.kind === 'refuse') cut();
      for (const pair of pairs) pair.advance();
    },
    cut,
    close() {
      server.close();
      cut();
    },
  };
}

function joinSockets(
  client: Socket,
  port: number,
  { mode, onEnd }: { mode: () => ProxyMode; onEnd: (pair: Pair) => void },
): Pair {
  const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.setNoDelay(true);
  upstream.setNoDelay(true);
  const destroy = (): void => {
    client.destroy();
    upstream.destroy();
    onEnd(pair);
  };
  const requests = createPipe(client, upstream, mode, (to, bytes) => send(to, bytes));
  const answers = createPipe(upstream, client, mode, (to, bytes) => {
    if (mode().kind === 'lose-answers') destroy();
    else send(to, bytes);
  });
  const pair: Pair = {
    advance() {
      requests.advance();
      answers.advance();
    },
    destroy,
  };
  upstream.on('error', destroy);
  // What a client sent before it was killed still arrives, as it would from the buffers of a network.
  client.on('error', () => requests.end());
  client.on('close', () => requests.end());
  upstream.on('close', () => answers.end());
  return pair;
}

function send(to: Socket, bytes: Buffer | undefined): void {
  if (to.destroyed || to.writableEnded) return;
  if (bytes === undefined) to.end();
  else to.write(bytes);
}

/** One direction: chunks arrive in order, each when the mode lets it. */
function createPipe(
  from: Socket,
  to: Socket,
  mode: () => ProxyMode,
  deliver: (to: Socket, bytes: Buffer | undefined) => void,
) {
  const queue: Chunk[] = [];
  let queued = 0;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;

  function advance(): void {
    clearTimeout(timer);
    timer = undefined;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (mode().kind === 'black-hole') return;
      const waitMs = mode().kind === 'delay' ? first.dueAt - performance.now() : 0;
      if (waitMs > 0) {
        timer = setTimeout(advance, waitMs);
        return;
      }
      queue.shift();
      queued -= first.bytes?.length ?? 0;
      deliver(to, first.bytes);
    }
    if (from.isPaused()) from.resume();
  }

  function push(bytes: Buffer | undefined): void {
    const now = mode();
    queue.push({ bytes, dueAt: performance.now() + (now.kind === 'delay' ? now.ms : 0) });
    queued += bytes?.length ?? 0;
    if (queued > MAX_QUEUED) from.pause();
    if (timer === undefined) advance();
  }

  function end(): void {
    if (isEnded) return;
    isEnded = true;
    push(undefined);
  }

  from.on('data', push);
  from.on('end', end);
  // Its reader may not be connected yet, or gone.
  to.on('error', () => undefined);
  return { advance, end };
}
