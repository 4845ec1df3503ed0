import { type ConfigOf, choice, list, number, readConfig, text } from '#platform/config.ts';
import { INDEX_URLS } from '#stages/settings.ts';
import { defaultUrl, STAGES } from '#stages/stages.ts';

export const SETTINGS = {
  rerankUrl: text('TRIBUTARY_RERANK_URL', {
    fallback: defaultUrl(STAGES.rerank),
    summary: 'base address of the stage rerank',
  }),
  interestsUrl: text('TRIBUTARY_INTERESTS_URL', {
    fallback: defaultUrl(STAGES.interests),
    summary: 'base address of the stage interests',
  }),
  proposeUrl: text('TRIBUTARY_PROPOSE_URL', {
    fallback: defaultUrl(STAGES.propose),
    summary: 'base address of the stage propose, which only the console queries',
  }),
  indexUrls: INDEX_URLS,
  peerTimeoutMs: number('TRIBUTARY_GATEWAY_PEER_TIMEOUT_MS', {
    fallback: 2_000,
    minimum: 10,
    maximum: 60_000,
    integer: true,
    unit: 'ms',
    summary: 'time that another stage may take to answer before it counts as unavailable (503)',
  }),
  writeTimeoutMs: number('TRIBUTARY_GATEWAY_WRITE_TIMEOUT_MS', {
    fallback: 10_000,
    minimum: 100,
    maximum: 120_000,
    integer: true,
    unit: 'ms',
    summary:
      'time that Kafka may take to confirm a write before the request is answered with 503 and the sender sends again',
  }),
  maxWrites: number('TRIBUTARY_GATEWAY_MAX_WRITES', {
    fallback: 2_000,
    minimum: 1,
    maximum: 100_000,
    integer: true,
    unit: 'requests',
    summary: 'most write requests in flight; further ones are answered with 503 before their body is read',
  }),
  maxWriteBytes: number('TRIBUTARY_GATEWAY_MAX_WRITE_BYTES', {
    fallback: 64 * 1_048_576,
    minimum: 1_048_576,
    maximum: 4_294_967_296,
    integer: true,
    unit: 'bytes',
    summary: 'most bytes of the bodies of the write requests in flight',
  }),
  maxPeerCalls: number('TRIBUTARY_GATEWAY_MAX_PEER_CALLS', {
    fallback: 1_000,
    minimum: 1,
    maximum: 100_000,
    integer: true,
    unit: 'calls',
    summary: 'most calls of one other stage under way; further requests that need it are answered with 503',
  }),
  corsOrigins: list('TRIBUTARY_GATEWAY_CORS_ORIGINS', {
    fallback: [],
    summary:
      'origins whose pages may call the gateway from a browser, such as https://shop.example; * stands for every origin',
  }),
  itemVectorLength: number('TRIBUTARY_ITEM_VECTOR_LENGTH', {
    fallback: 0,
    minimum: 0,
    maximum: 4_096,
    integer: true,
    summary: 'length of the vectors that the app supplies with its items; 0 takes any length up to 4096',
  }),
  titleCacheSize: number('TRIBUTARY_GATEWAY_TITLE_CACHE', {
    fallback: 20_000,
    minimum: 1,
    maximum: 10_000_000,
    integer: true,
    unit: 'titles',
    summary: 'most item titles that are kept in memory',
  }),
  titleTtlMs: number('TRIBUTARY_GATEWAY_TITLE_TTL_MS', {
    fallback: 60_000,
    minimum: 0,
    maximum: 86_400_000,
    integer: true,
    unit: 'ms',
    summary: 'age of a title in memory after which the index is queried for it again',
  }),
  console: choice('TRIBUTARY_GATEWAY_CONSOLE', ['local', 'on', 'off'], {
    fallback: 'local',
    summary:
      'whether the console is served at /, which shows all users: local serves it only where the stage listens on a loopback address',
  }),
  consoleActions: choice('TRIBUTARY_GATEWAY_CONSOLE_ACTIONS', ['off', 'on'], {
    fallback: 'off',
    summary:
      'whether people may flip generations, requeue dead letters, and start, stop and promote experiments from the console, which asks for no login',
  }),
} as const;

export type GatewayConfig = ConfigOf<typeof SETTINGS>;

export function readGatewayConfig(): GatewayConfig {
  return readConfig(SETTINGS, process.env);
}

/** Whether the gateway serves the console. @param host on which the stage listens */
export function servesConsole({ console }: Pick<GatewayConfig, 'console'>, host: string): boolean {
  return console === 'on' || (console === 'local' && /^(127\.|::1$|localhost$)/.test(host));
}
