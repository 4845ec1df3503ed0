import { relateRewards } from '#algorithms/bandit/baseline.ts';
import { observe, type Statistics } from '#algorithms/bandit/statistics.ts';
import { isWithin, LIST_LIMITS, NUMBER_BOUNDS } from '#contracts/domain/number-bounds.ts';
import { rewardFault } from '#contracts/domain/record-validity.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { interactionName, isDerived, isScore, ranks, slotColumn } from '../columns.ts';
import { COLUMNS_OF_VERSION_1, isColumnName } from '../features.ts';
import { BLOCKS, blockKey, emptyBlock, growth, type LearnedBlock, placeOf } from './blocks.ts';

/** How rewards become statistics; another one needs the statistics to be rebuilt. */
export interface LearningTerms {
  /** Event time after which a reward counts half, ms. */
  readonly halfLifeMs: number;
  /** Numbers of the context whose interactions with the scores of models are learned. */
  readonly interactions: readonly string[];
}

/** What was learned from one partition of `rewards`. */
export interface Learned {
  /** By `blockKey`; a later block takes the place of an earlier one. */
  readonly blocks: Map<string, LearnedBlock>;
  /** Keys of the blocks that have changed since they were stored, those that are gone included. */
  readonly changed: Set<string>;
  /** The slate whose rewards are being read; null if the last one was complete. */
  open: OpenSlate | null;
  /** Sequence number of the last used reward; 0 if none. */
  sequence: number;
}

/** Rewards of a slate, which teach together. Those of slots that nobody may have seen are left out. */
export interface OpenSlate {
  readonly slateId: string;
  /** Left out where learning is shared. */
  readonly learner?: string;
  readonly servedAt: number;
  readonly names: readonly string[];
  readonly slots: ReadonlyArray<{
    readonly slot: number;
    readonly reward: number;
    readonly features: readonly number[];
  }>;
}

/**
 * Limits memory and work, which grow with the square of the columns. It leaves room for 32 models and 32 features of
 * candidates.
 */
export const MAX_COLUMNS = 128;
/** Arms of experiments with rewards that are not forgotten and learn apart, at most. */
export const MAX_LEARNERS = 32;

/**
 * - taken: counted now
 * - repeat: counted before
 * - other-features: not as many features as names, or names that are not distinct names of columns
 * - unseen: nobody may have seen the slot
 * - too-old: of a time whose rewards are forgotten
 * - invalid: a number that is out of its bounds, or a sequence that no log can lead to
 * - too-many-columns: its new columns would exceed MAX_COLUMNS
 * - too-many-learners: it is of one more arm that learns apart than MAX_LEARNERS
 */
export type RewardOutcome =
  | 'taken'
  | 'unseen'
  | 'too-old'
  | 'repeat'
  | 'other-features'
  | 'invalid'
  | 'too-many-columns'
  | 'too-many-learners';

export function nothingLearned(): Learned {
  return { blocks: new Map(), changed: new Set(), open: null, sequence: 0 };
}

/**
 * What a unit of the predicted score adds to the log-odds of a reward: a prior mean of .05 for a score makes a candidate with one
 * standard deviation more 28 % more likely to be rewarded.
 */
const LOG_ODDS_OF_A_UNIT = 5;

/**
 * Reads one reward; the rewards of a slate are added when the last of them is read. In log order the sums equal those of a fresh
 * reading of the partition to the last bit: floating-point addition is repeated in the same order, columns appear in the
 * order of the log, and duplicates are dropped by their sequence number.
 */
export function applyReward(learned: Learned, reward: Reward, terms: LearningTerms): RewardOutcome {
  if (reward.sequence <= learned.sequence) return 'repeat';
  learned.sequence = reward.sequence;
  const { slateId, features, slot, slots } = reward;
  if (learned.open !== null && learned.open.slateId !== slateId) closeSlate(learned, terms);
  const outcome = readReward(learned, reward, terms);
  if (outcome === 'taken') {
    const open = learned.open ?? { servedAt: reward.servedAt, names: namesOf(reward), slots: [] };
    const read = { slot, reward: reward.reward, features };
    const apart = reward.learner === '' ? {} : { learner: reward.learner };
    learned.open = { ...open, ...apart, slateId, slots: [...open.slots, read] };
  }
  const isWhole = (learned.open?.slots.length ?? 0) >= LIST_LIMITS.slots;
  if (isWhole || (slots > 0 && slot >= slots - 1)) closeSlate(learned, terms);
  return outcome;
}

function namesOf({ featureNames }: Reward): readonly string[] {
  return featureNames.length === 0 ? COLUMNS_OF_VERSION_1 : featureNames;
}

function readReward(learned: Learned, reward: Reward, terms: LearningTerms): RewardOutcome {
  const { features, servedAt, exposure } = reward;
  const names = namesOf(reward);
  if (features.length !== names.length || !areColumns(names)) return 'other-features';
  if (learned.open !== null && learned.open.names.join() !== names.join()) return 'other-features';
  if (rewardFault(reward) !== undefined) return 'invalid';
  if (exposure === 'unseen' || exposure === 'unknown') return 'unseen';
  const index = Math.floor(servedAt / terms.halfLifeMs);
  const held = learned.blocks.get(blockKey(index, reward.learner));
  if (held !== undefined && held.index > index) return 'too-old';
  if (held === undefined && isFull(learned, reward.learner)) return 'too-many-learners';
  const known = held?.index === index ? held.statistics.columns : new Map<string, number>();
  return givenColumns(known, names) > MAX_COLUMNS ? 'too-many-columns' : 'taken';
}

/** Adds the rewards of a slate: what tells its candidates apart, each feature relative to the mean over the slate. */
function closeSlate(learned: Learned, terms: LearningTerms): void {
  const { open } = learned;
  learned.open = null;
  if (open === null) return;
  const block = blockOf(learned, Math.floor(open.servedAt / terms.halfLifeMs), open.learner);
  if (block === undefined) return;
  const { statistics } = block;
  const rows = open.slots.map(({ slot, features }) => observed(open.names, features, slot, terms));
  const { targets, weights } = relateRewards(
    block.baseline,
    open.slots.map(({ slot }) => placeOf(slot)),
    open.slots.map(({ reward }) => reward),
  );
  const count = growth(block, open.servedAt, terms.halfLifeMs);
  if (targets.some((target) => target !== 0)) {
    const { columns, values } = centred(rows, weights);
    for (const [index, x] of values.entries())
      observe(statistics, columns, x, targets[index]! / LOG_ODDS_OF_A_UNIT, {
        precision: count * weights[index]!,
        moment: count,
      });
  } else {
    statistics.count += rows.length;
  }
  block.newest = Math.max(block.newest, open.servedAt);
  learned.changed.add(blockKey(block.index, block.learner));
}

/** Returns the rows in common columns, minus their weighted mean. @param weights all 0 for equal weights */
function centred(
  rows: readonly Observed[],
  weights: Float64Array,
): { readonly columns: readonly string[]; readonly values: readonly Float64Array[] } {
  const places = new Map<string, number>();
  for (const { columns } of rows)
    for (const name of columns) if (!places.has(name)) places.set(name, places.size);
  const values = rows.map(({ columns, values: given }) => {
    const row = new Float64Array(places.size);
    for (const [index, name] of columns.entries()) row[places.get(name)!] = given[index]!;
    return row;
  });
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = new Float64Array(places.size);
  for (const [index, row] of values.entries()) {
    const share = whole > 0 ? weights[index]! / whole : 1 / rows.length;
    for (let i = 0; i < mean.length; i++) mean[i]! += share * row[i]!;
  }
  for (const row of values) for (let i = 0; i < mean.length; i++) row[i]! -= mean[i]!;
  return { columns: [...places.keys()], values };
}

/** @returns the block of that index; undefined if a later one has taken its place */
function blockOf({ blocks, changed }: Learned, index: number, learner = ''): LearnedBlock | undefined {
  const key = blockKey(index, learner);
  const held = blocks.get(key);
  if (held?.index === index) return held;
  if (held !== undefined && held.index > index) return undefined;
  const block = emptyBlock(index, learner);
  blocks.set(key, block);
  // Arms of experiments end; what they learned apart is gone when it is forgotten.
  for (const [other, { learner: whose, index: its }] of blocks)
    if (whose !== '' && its <= index - BLOCKS) {
      blocks.delete(other);
      changed.add(other);
    }
  return block;
}

/** Whether no further arm may learn apart. */
function isFull({ blocks }: Learned, learner: string): boolean {
  if (learner === '') return false;
  const learners = new Set(Array.from(blocks.values(), (block) => block.learner));
  learners.delete('');
  return learners.size >= MAX_LEARNERS && !learners.has(learner);
}

/** Number of columns after the reward that rewards name, and that are not derived from others. */
function givenColumns(columns: ReadonlyMap<string, number>, names: readonly string[]): number {
  const unknown = names.filter((name) => !columns.has(name));
  if (unknown.length === 0) return 0;
  return unknown.length + [...columns.keys()].filter((name) => !isDerived(name)).length;
}

interface Observed {
  readonly columns: readonly string[];
  readonly values: readonly number[];
}

/** Adds the place and the products of the scores of models with the context, and drops what is the same for all candidates. */
function observed(
  names: readonly string[],
  features: readonly number[],
  slot: number,
  { interactions }: LearningTerms,
): Observed {
  const columns: string[] = [];
  const values: number[] = [];
  for (const [index, name] of names.entries()) {
    if (!ranks(name)) continue;
    columns.push(name);
    values.push(features[index]!);
  }
  for (const context of interactions) {
    const place = names.indexOf(context);
    if (place === -1) continue;
    for (const [index, name] of names.entries()) {
      if (!isScore(name)) continue;
      columns.push(interactionName(name, context));
      values.push(features[index]! * features[place]!);
    }
  }
  columns.push(slotColumn(placeOf(slot)));
  values.push(1);
  return { columns, values };
}

/**
 * Returns whether the log can lead to this sequence number at this offset. Each number takes at least one message of the
 * partition, so one message with a huge number would make repeats of all later rewards.
 */
export function isPossibleSequence(learned: Learned, sequence: number, offset: number): boolean {
  // The first reward may have been copied from another cluster, where its offset was higher.
  return learned.sequence === 0 || sequence <= Math.max(learned.sequence, offset) + 1;
}

/** Allows for the rounding of sums. */
const ROUNDING = 1 + 1e-9;
/** Largest products of a feature with the context, and of a reward relative to its usual one, both with the growth of a block. */
const MOST_SQUARE = 2 * NUMBER_BOUNDS.feature.most ** 4;
const MOST_PRODUCT = 4 * NUMBER_BOUNDS.feature.most ** 2;

/**
 * Returns the statistics if rewards within the bounds can lead to them, else those of no rewards, at the same sequence.
 * Before numbers were bounded, one reward could make the sums so large that no posterior exists.
 */
export function believableLearned(learned: Learned): Learned {
  const isBelievable = [...learned.blocks.values()].every(({ statistics }) => areBelievable(statistics));
  return isBelievable ? learned : { ...nothingLearned(), sequence: learned.sequence };
}

function areBelievable({ columns, precision, moment, count }: Statistics): boolean {
  const mostSquares = count * MOST_SQUARE * ROUNDING;
  const mostProducts = count * MOST_PRODUCT * ROUNDING;
  return (
    precision.every((sum) => isWithin(sum, { least: -mostSquares, most: mostSquares })) &&
    moment.every((sum) => isWithin(sum, { least: -mostProducts, most: mostProducts })) &&
    [...columns.values()].every((i) => precision[i * columns.size + i]! >= 0)
  );
}

function areColumns(names: readonly string[]): boolean {
  return names.every(isColumnName) && new Set(names).size === names.length;
}
