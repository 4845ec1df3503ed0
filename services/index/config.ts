import { TributaryError } from '#contracts/errors.ts';
import { type ConfigOf, list, number, readConfig, text } from '#platform/config.ts';
import { DUPLICATE_COSINE } from '#stages/settings.ts';
import { EF_SEARCH_LIMIT } from './graph/recall.ts';

export const SETTINGS = {
  m: number('TRIBUTARY_INDEX_M', {
    fallback: 16,
    minimum: 2,
    maximum: 100,
    integer: true,
    unit: 'links',
    summary: 'links of a node on each layer of the HNSW graph',
  }),
  efConstruction: number('TRIBUTARY_INDEX_EF_CONSTRUCTION', {
    fallback: 200,
    minimum: 8,
    maximum: 2_000,
    integer: true,
    unit: 'candidates',
    summary: 'candidates kept while a node is linked into the graph; more are slower and better',
  }),
  efSearch: number('TRIBUTARY_INDEX_EF_SEARCH', {
    fallback: 64,
    minimum: 8,
    maximum: EF_SEARCH_LIMIT,
    integer: true,
    unit: 'candidates',
    summary: 'candidates kept while searching at first; doubled until the minimum recall is reached',
  }),
  recallMinimum: number('TRIBUTARY_INDEX_RECALL_MINIMUM', {
    fallback: 0.95,
    minimum: 0,
    maximum: 1,
    summary: 'recall at 10 against exact search below which a ready generation does not take over',
  }),
  duplicateCosine: DUPLICATE_COSINE,
  snapshots: text('TRIBUTARY_INDEX_SNAPSHOTS', {
    fallback: '',
    summary: 'directory, for this process alone, that keeps graphs for the next start; empty keeps none',
  }),
  shards: number('TRIBUTARY_INDEX_SHARDS', {
    fallback: 1,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    unit: 'shards',
    summary: 'number of shards among which the items are divided, the same for all processes of the index',
  }),
  shard: number('TRIBUTARY_INDEX_SHARD', {
    fallback: 0,
    minimum: 0,
    maximum: 999,
    integer: true,
    summary: 'place of this process among the shards, from 0',
  }),
  ordinal: number('TRIBUTARY_INDEX_ORDINAL', {
    fallback: -1,
    minimum: -1,
    maximum: 99_999,
    integer: true,
    summary:
      'ordinal of the pod of this process, from 0: its shard is the ordinal modulo the shards, so that more pods than shards are replicas; -1 takes TRIBUTARY_INDEX_SHARD',
  }),
  shardUrls: list('TRIBUTARY_INDEX_SHARD_URLS', {
    fallback: [],
    summary:
      'addresses of all shards in their order, itself included; shard 0 of several queries them before it flips',
  }),
  keepRetiredMs: number('TRIBUTARY_INDEX_KEEP_RETIRED_MS', {
    fallback: 60_000,
    minimum: 0,
    maximum: 3_600_000,
    integer: true,
    unit: 'ms',
    summary: 'time after a flip that the previous generation still answers requests that name it',
  }),
} as const;

export type IndexConfig = Omit<ConfigOf<typeof SETTINGS>, 'ordinal'>;

/** @throws TributaryError `config.invalid` */
export function readIndexConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): IndexConfig {
  const { ordinal, ...given } = readConfig(SETTINGS, environment);
  const { shards, shardUrls } = given;
  const shard = ordinal === -1 ? given.shard : ordinal % shards;
  const config = { ...given, shard };
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
