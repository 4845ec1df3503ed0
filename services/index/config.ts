import { TributaryError } from '#contracts/errors.ts';
import { type ConfigOf, list, number, readConfig, text } from '#platform/config.ts';
import { EF_SEARCH_LIMIT } from './graph/recall.ts';

export const SETTINGS = {
  m: number('TRIBUTARY_INDEX_M', {
    fallback: 16,
    minimum: 2,
    maximum: 100,
    integer: true,
    summary: 'links of a node on each layer of the HNSW graph',
  }),
  efConstruction: number('TRIBUTARY_INDEX_EF_CONSTRUCTION', {
    fallback: 200,
    minimum: 8,
    maximum: 2_000,
    integer: true,
    summary: 'candidates kept while a node is linked; more is slower and better',
  }),
  efSearch: number('TRIBUTARY_INDEX_EF_SEARCH', {
    fallback: 64,
    minimum: 8,
    maximum: EF_SEARCH_LIMIT,
    integer: true,
    summary: 'candidates kept while searching; doubled until the recall is reached',
  }),
  recallMinimum: number('TRIBUTARY_INDEX_RECALL_MINIMUM', {
    fallback: 0.95,
    minimum: 0,
    maximum: 1,
    summary: 'recall at 10 against exact search below which a generation does not take over',
  }),
  duplicateCosine: number('TRIBUTARY_INDEX_DUPLICATE_COSINE', {
    fallback: 0.999,
    minimum: 0.9,
    maximum: 1,
    summary: 'cosine from which of items that look the same only one is found; 1 leaves all of them in',
  }),
  snapshots: text('TRIBUTARY_INDEX_SNAPSHOTS', {
    fallback: '',
    summary: 'directory of its own in which graphs are kept for the next start; empty for none',
  }),
  shards: number('TRIBUTARY_INDEX_SHARDS', {
    fallback: 1,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    summary: 'processes among which the items are divided; all stages must be told the same',
  }),
  shard: number('TRIBUTARY_INDEX_SHARD', {
    fallback: 0,
    minimum: 0,
    maximum: 999,
    integer: true,
    summary: 'which of them this one is, from 0: the ordinal of its pod',
  }),
  shardUrls: list('TRIBUTARY_INDEX_SHARD_URLS', {
    fallback: [],
    summary: 'addresses of all shards in their order, which shard 0 asks before it flips',
  }),
  keepRetiredMs: number('TRIBUTARY_INDEX_KEEP_RETIRED_MS', {
    fallback: 60_000,
    minimum: 0,
    maximum: 3_600_000,
    integer: true,
    summary: 'milliseconds that the previous generation still answers requests which name it',
  }),
} as const;

export type IndexConfig = ConfigOf<typeof SETTINGS>;

/** @throws TributaryError `config.invalid` */
export function readIndexConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): IndexConfig {
  const config = readConfig(SETTINGS, environment);
  const { shard, shards, shardUrls } = config;
  if (shard >= shards) {
    throw new TributaryError(
      'config.invalid',
      `${SETTINGS.shard.variable} is ${shard}, but there are ${shards} shards, counted from 0`,
    );
  }
  if (shard === 0 && shards > 1 && shardUrls.length !== shards) {
    throw new TributaryError(
      'config.invalid',
      `${SETTINGS.shardUrls.variable} names ${shardUrls.length} addresses of ${shards} shards`,
    );
  }
  return config;
}
