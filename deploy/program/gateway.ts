import { InvalidArgumentError } from 'commander';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { readProgramConfig } from './config.ts';

/** Most time that the gateway may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Runs `work` with the gateway and closes the connections.
 * @param url default: that of the environment or of the running demo
 */
export async function withGateway<T>(
  work: (gateway: Peer) => Promise<T>,
  url: string = readProgramConfig().stageUrls.gateway!,
): Promise<T> {
  const gateway = createPeer({ name: `the gateway at ${url}`, url, timeoutMs: TIMEOUT_MS });
  try {
    return await work(gateway);
  } finally {
    await gateway.close();
  }
}

/** @throws InvalidArgumentError unless the text is an address over HTTP */
export function gatewayUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError('Expected an address such as http://127.0.0.1:18080.');
}
