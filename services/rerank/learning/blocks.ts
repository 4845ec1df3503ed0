import { type Baseline, createBaseline } from '#algorithms/bandit/baseline.ts';
import {
  createStatistics,
  decodeStatistics,
  encodeStatistics,
  type Statistics,
} from '#algorithms/bandit/statistics.ts';
import { BinaryReader, BinaryWriter } from '#algorithms/binary.ts';

/**
 * Rewards are forgotten by forward decay (Cormode et al. 2009): each counts 2^(age of its block's start/half-life) when it is added, and
 * the sums of a block are scaled when they are read. A block lasts one half-life of event time, and the last BLOCKS of them are kept. All of
 * these rewards are still in the log, so a rebuild gives the same numbers to the last bit, which an unbounded memory could not.
 */
export interface LearnedBlock {
  /** Experiment and arm whose rewards they are; empty for all others. */
  readonly learner: string;
  /** Time of serving divided by the half-life, rounded down. */
  readonly index: number;
  readonly statistics: Statistics;
  readonly baseline: Baseline;
  /** Time of serving of the newest reward, ms. */
  newest: number;
}

export const BLOCKS = 4;

/** Places whose rates are told apart: the first ten, the next ten, the rest. */
export const PLACES_OF_SLATES = 12;

export function placeOf(slot: number): number {
  return slot < 10 ? slot : slot < 20 ? 10 : PLACES_OF_SLATES - 1;
}

export function emptyBlock(index: number, learner = ''): LearnedBlock {
  return {
    learner,
    index,
    statistics: createStatistics(),
    baseline: createBaseline(PLACES_OF_SLATES),
    newest: 0,
  };
}

/** Under it a block is kept; a later block of the learner takes the place of an earlier one. */
export function blockKey(index: number, learner = ''): string {
  const place = String(index % BLOCKS);
  return learner === '' ? place : `${place}:${learner}`;
}

/** The learner of a block that is kept under the key. */
export function learnerOfKey(key: string): string {
  const colon = key.indexOf(':');
  return colon === -1 ? '' : key.slice(colon + 1);
}

/** What a reward counts when it is added to its block: 1 at the start of the block to 2 at its end. */
export function growth({ index }: LearnedBlock, servedAt: number, halfLifeMs: number): number {
  return 2 ** (servedAt / halfLifeMs - index);
}

/** What the sums of a block count at a time. @param now ms */
export function decayOf({ index }: LearnedBlock, now: number, halfLifeMs: number): number {
  return 2 ** (index - now / halfLifeMs);
}

/** Of the blocks of all partitions, those that are in use: the last BLOCKS. */
export function blocksInUse(blocks: readonly LearnedBlock[]): LearnedBlock[] {
  const last = Math.max(...blocks.map(({ index }) => index));
  return blocks.filter(({ index }) => index > last - BLOCKS);
}

const FORMAT_VERSION = 1;

/** Exact to the last bit: version, index, newest time, the baseline, then the statistics. */
export function encodeBlock(block: LearnedBlock): Uint8Array {
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.varint(block.index);
  writer.varint(block.newest);
  for (const numbers of [block.baseline.places, block.baseline.sizes])
    for (const value of numbers) writer.float64(value);
  return Buffer.concat([writer.finish(), encodeStatistics(block.statistics)]);
}

/** @throws BinaryFormatError for bytes that are no block */
export function decodeBlock(bytes: Uint8Array, learner = ''): LearnedBlock {
  const reader = new BinaryReader(bytes, 'block of bandit statistics');
  reader.version(1, FORMAT_VERSION);
  const index = reader.varint();
  const newest = reader.varint();
  const baseline = createBaseline(PLACES_OF_SLATES);
  for (const numbers of [baseline.places, baseline.sizes])
    for (let i = 0; i < numbers.length; i++) numbers[i] = reader.float64();
  return { learner, index, newest, baseline, statistics: decodeStatistics(reader.rest(), []) };
}
