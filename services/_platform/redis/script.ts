import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

const digests = new Map<string, string>();

type Parameters = ReadonlyArray<string | Buffer | number>;

/** Runs a Lua script by its digest, and loads it if the server does not have it. */
export function runScript(
  redis: Redis,
  script: string,
  keys: readonly string[],
  parameters: Parameters,
): Promise<unknown> {
  return evaluate((command, rest) => redis.call(command, rest), script, keys, parameters);
}

/** As `runScript`, for an answer whose texts are bytes. */
export function runScriptForBuffers(
  redis: Redis,
  script: string,
  keys: readonly string[],
  parameters: Parameters,
): Promise<unknown> {
  // `callBuffer` of ioredis loses the name of the command where commands are pipelined by themselves.
  const { evalsha, evaluate: whole } = buffersOf(redis);
  return evaluate(
    (command, rest) => (command === 'EVAL' ? whole(rest) : evalsha(rest)),
    script,
    keys,
    parameters,
  );
}

type CallWithList = (parameters: (string | Buffer | number)[]) => Promise<unknown>;

/** ioredis accepts the arguments of a call as one array, but its types do not. */
function buffersOf(redis: Redis): { evalsha: CallWithList; evaluate: CallWithList } {
  const { evalshaBuffer, evalBuffer } = redis as unknown as Record<string, CallWithList>;
  return { evalsha: evalshaBuffer!.bind(redis), evaluate: evalBuffer!.bind(redis) };
}

async function evaluate(
  call: (command: string, rest: (string | Buffer | number)[]) => Promise<unknown>,
  script: string,
  keys: readonly string[],
  parameters: Parameters,
): Promise<unknown> {
  let digest = digests.get(script);
  if (digest === undefined) {
    digest = createHash('sha1').update(script).digest('hex');
    digests.set(script, digest);
  }
  // One array, because the arguments of a call are held on the stack, where about 120,000 fit.
  const rest = [keys.length, ...keys, ...parameters];
  try {
    return await call('EVALSHA', [digest, ...rest]);
  } catch (error) {
    // A restarted server has lost its scripts; EVAL loads the script again.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await call('EVAL', [script, ...rest]);
  }
}
