import { type ConfigOf, list, number, readConfig, text } from '#platform/config.ts';

export const SETTINGS = {
  rerankUrl: text('TRIBUTARY_RERANK_URL', {
    fallback: 'http://127.0.0.1:7004',
    summary: 'base address of the stage rerank',
  }),
  interestsUrl: text('TRIBUTARY_INTERESTS_URL', {
    fallback: 'http://127.0.0.1:7001',
    summary: 'base address of the stage interests',
  }),
  indexUrls: list('TRIBUTARY_INDEX_URL', {
    fallback: ['http://127.0.0.1:7002'],
    summary: 'base address of the stage index, or those of all its shards in their order',
  }),
  peerTimeoutMs: number('TRIBUTARY_GATEWAY_PEER_TIMEOUT_MS', {
    fallback: 2_000,
    minimum: 10,
    maximum: 60_000,
    integer: true,
    summary: 'milliseconds that another stage may take to answer',
  }),
  writeTimeoutMs: number('TRIBUTARY_GATEWAY_WRITE_TIMEOUT_MS', {
    fallback: 10_000,
    minimum: 100,
    maximum: 120_000,
    integer: true,
    summary: 'milliseconds that Kafka may take to confirm before the sender is told to send again',
  }),
  itemVectorLength: number('TRIBUTARY_ITEM_VECTOR_LENGTH', {
    fallback: 0,
    minimum: 0,
    maximum: 4_096,
    integer: true,
    summary: 'numbers in the vectors that the app supplies with its items; 0 takes any length',
  }),
  titleCacheSize: number('TRIBUTARY_GATEWAY_TITLE_CACHE', {
    fallback: 20_000,
    minimum: 1,
    maximum: 10_000_000,
    integer: true,
    summary: 'item titles kept in memory',
  }),
  titleTtlMs: number('TRIBUTARY_GATEWAY_TITLE_TTL_MS', {
    fallback: 60_000,
    minimum: 0,
    maximum: 86_400_000,
    integer: true,
    summary: 'milliseconds after which a title is asked for again',
  }),
} as const;

export type GatewayConfig = ConfigOf<typeof SETTINGS>;

export function readGatewayConfig(): GatewayConfig {
  return readConfig(SETTINGS, process.env);
}
