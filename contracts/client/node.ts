/** `tributary/client` in Node. */
import { createClientOn } from './client.ts';
import { openFileStore } from './file-store.ts';
import { checkOptions } from './options.ts';
import { NO_STORE } from './platform.ts';
import type { TributaryClient, TributaryClientOptions } from './types.ts';

// biome-ignore lint/performance/noBarrelFile: the entry of a package exports its whole interface.
export { ClientError } from './gateway-call.ts';
export type * from './types.ts';

export interface NodeClientOptions extends TributaryClientOptions {
  /** File that keeps events until they have a verdict, so that they outlive the process. One process uses it at a time. */
  readonly queueFile?: string;
  /** Called when the queue file cannot be written; its events then live as long as the process. Default: a warning of the process. */
  readonly onQueueFileError?: (error: Error) => void;
}

/** A little under the 1 MiB that the gateway accepts. */
const BATCH_BYTES = 1_000_000;

/**
 * Creates a client for a service. Await `ready()` before `track` where actions come faster than the gateway accepts them, and
 * `close()` before the process ends.
 * @throws TypeError that names an option at fault, and an error of the file system if the queue file cannot be read
 */
export function createClient(options: NodeClientOptions): TributaryClient {
  checkOptions(options);
  const { batchSize = 1_000, flushMs = 20, maxQueued = 20_000, queueFile } = options;
  const onFailure = options.onQueueFileError ?? ((error: Error) => process.emitWarning(error));
  const { client } = createClientOn(
    {
      fetch: (...request) => fetch(...request),
      now: () => Date.now(),
      random: () => Math.random(),
      fill: (bytes) => crypto.getRandomValues(bytes),
      later(ms, call) {
        const timer = setTimeout(call, ms);
        return () => {
          clearTimeout(timer);
          call();
        };
      },
      store: queueFile === undefined ? NO_STORE : openFileStore(queueFile, onFailure),
      limits: { batchSize, batchBytes: BATCH_BYTES, flushMs, maxQueued, maxShown: 100_000 },
    },
    options,
  );
  return client;
}
