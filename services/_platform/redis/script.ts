import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

const digests = new Map<string, string>();

/** Runs a Lua script by its digest, and loads it if the server does not have it. */
export async function runScript(
  redis: Redis,
  script: string,
  keys: readonly string[],
  parameters: ReadonlyArray<string | Buffer | number>,
): Promise<unknown> {
  let digest = digests.get(script);
  if (digest === undefined) {
    digest = createHash('sha1').update(script).digest('hex');
    digests.set(script, digest);
  }
  // One array, because the arguments of a call are held on the stack, where about 120,000 fit.
  const rest = [keys.length, ...keys, ...parameters];
  try {
    return await redis.call('EVALSHA', [digest, ...rest]);
  } catch (error) {
    // A restarted server has lost its scripts; EVAL loads the script again.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.call('EVAL', [script, ...rest]);
  }
}
